//! Slots with one fault.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Acquisition, HeldLease, Key, Lease, LeaseRequest, Result, SlotLimiter};
use limiter_testkit::Model;

use crate::found::{candidate, shortest};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    RepeatIsRefusedWhenFull,
    RepeatKeepsTheExpiry,
    RenewedThoughLost,
    ReleasedFromTheFirstKeyAlone,
    InUseCountsLeases,
}

/// The reference with one fault.
#[derive(Debug)]
struct Wrong {
    fault: Fault,
    model: Model,
}

#[async_trait]
impl SlotLimiter for Wrong {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        match self.fault {
            Fault::RepeatIsRefusedWhenFull => {
                for scope in request.scopes() {
                    let full = self.model.in_use(scope.key()).await? > scope.cap();
                    let held = self.model.leases(scope.key()).await?;
                    if full && held.iter().any(|lease| lease.id == *request.id()) {
                        let other = LeaseRequest::new(request.scopes(), Duration::from_millis(1))?;
                        return self.model.acquire(&other).await;
                    }
                }
                self.model.acquire(request).await
            }
            Fault::RepeatKeepsTheExpiry => {
                let held = self.model.leases(request.scopes()[0].key()).await?;
                let held = held.iter().find(|lease| lease.id == *request.id());
                let acquired = self.model.acquire(request).await;
                if let (Some(held), Ok(Acquisition::Acquired(_))) = (held, &acquired) {
                    let first = self.model.leases(request.scopes()[0].key()).await?;
                    let now = first.iter().find(|lease| lease.id == held.id).unwrap();
                    let left_ms = held.expires_ms - (now.expires_ms - request.ttl_ms());
                    let keys: Vec<_> = request.scopes().iter().map(|scope| scope.key().clone()).collect();
                    let back = Lease::new(held.id.clone(), keys, Duration::from_millis(left_ms))?;
                    self.model.renew(&[back]).await?;
                }
                acquired
            }
            _ => self.model.acquire(request).await,
        }
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let live = self.model.renew(leases).await?;
        Ok(if self.fault == Fault::RenewedThoughLost { vec![true; live.len()] } else { live })
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        if self.fault != Fault::ReleasedFromTheFirstKeyAlone {
            return self.model.release(leases).await;
        }
        let first = |lease: &Lease| {
            let ttl = Duration::from_millis(lease.ttl_ms());
            Lease::new(lease.id().clone(), [lease.keys()[0].clone()], ttl)
        };
        self.model.release(&leases.iter().map(first).collect::<Result<Vec<_>>>()?).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        if self.fault == Fault::InUseCountsLeases {
            return Ok(self.model.leases(key).await?.len() as u64);
        }
        self.model.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.model.leases(key).await
    }
}

const ONE: &str = "leases_of_one_scope_are_answered_exactly";
const SEVERAL: &str = "leases_of_several_scopes_are_answered_exactly";

#[track_caller]
fn shown_within(most: usize, property: &str, fault: Fault) {
    let make = || {
        candidate(|backend, clock| backend.with_slots(Arc::new(Wrong { fault, model: Model::new(clock) })))
    };
    let calls = shortest("slot_sequences", property, make);
    assert!(calls.len() <= most, "{calls:#?}");
}

#[test]
fn a_repeat_that_is_refused_when_full_is_found() {
    shown_within(4, ONE, Fault::RepeatIsRefusedWhenFull);
}

#[test]
fn a_repeat_that_keeps_the_expiry_is_found() {
    shown_within(4, ONE, Fault::RepeatKeepsTheExpiry);
}

#[test]
fn a_lost_lease_that_is_renewed_is_found() {
    shown_within(1, ONE, Fault::RenewedThoughLost);
}

#[test]
fn a_release_from_the_first_key_alone_is_found() {
    shown_within(4, SEVERAL, Fault::ReleasedFromTheFirstKeyAlone);
}

#[test]
fn leases_counted_instead_of_permits_are_found() {
    shown_within(1, ONE, Fault::InUseCountsLeases);
}
