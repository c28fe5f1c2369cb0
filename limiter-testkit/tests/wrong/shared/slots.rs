//! Clients that take leases to be their own affair.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::{
    Acquired, Acquisition, HeldLease, Key, Lease, LeaseId, LeaseRequest, Result, SlotLimiter, Source,
};
use limiter_testkit::Model;

use super::two;
use crate::judge::caught_by;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Grants by the number of permits that it read before.
    Stale,
    /// Releases only what it has acquired itself.
    OwnLeasesAlone,
}

#[derive(Debug)]
struct Wrong {
    store: Arc<Model>,
    fault: Fault,
    read: Mutex<HashMap<Key, u64>>,
    own: Mutex<HashSet<LeaseId>>,
}

impl Wrong {
    fn new(store: Arc<Model>, fault: Fault) -> Arc<Self> {
        Arc::new(Self { store, fault, read: Mutex::default(), own: Mutex::default() })
    }

    fn has_read_of_room(&self, request: &LeaseRequest) -> bool {
        let read = self.read.lock().unwrap();
        let room = |key, cap| read.get(key).is_some_and(|in_use| in_use + request.permits() <= cap);
        self.fault == Fault::Stale && request.scopes().iter().all(|scope| room(scope.key(), scope.cap()))
    }
}

#[async_trait]
impl SlotLimiter for Wrong {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        if self.has_read_of_room(request) {
            let in_use = vec![request.permits(); request.scopes().len()];
            return Ok(Acquisition::Acquired(Acquired {
                lease: request.lease(),
                in_use,
                source: Source::Store,
            }));
        }
        self.own.lock().unwrap().insert(request.id().clone());
        self.store.acquire(request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.store.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let own = |lease: &Lease| self.own.lock().unwrap().contains(lease.id());
        if self.fault == Fault::OwnLeasesAlone && !leases.iter().all(own) {
            return Ok(vec![false; leases.len()]);
        }
        self.store.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        let in_use = self.store.in_use(key).await?;
        self.read.lock().unwrap().insert(key.clone(), in_use);
        Ok(in_use)
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.store.leases(key).await
    }
}

#[test]
fn slots_by_what_was_read_before() {
    caught_by("shared::a_slot_taken_is_taken_for_every_client_at_once", || {
        two(|first, store| first.with_slots(Wrong::new(store, Fault::Stale)))
    });
}

#[test]
fn only_own_leases_released() {
    caught_by("shared::a_lease_can_be_released_by_any_client", || {
        two(|first, store| first.with_slots(Wrong::new(store, Fault::OwnLeasesAlone)))
    });
}
