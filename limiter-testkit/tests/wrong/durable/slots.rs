//! Leases that are something else after a restart.

use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{Acquisition, HeldLease, Key, Lease, LeaseRequest, Result, SlotLimiter};
use limiter_testkit::Model;

use super::restarted_as;
use crate::judge::caught_by;

/// Stores how long a lease lasts, not until when: loaded again, it begins anew.
#[derive(Debug)]
struct BegunAnew(Arc<Model>);

#[async_trait]
impl SlotLimiter for BegunAnew {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.0.acquire(request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.0.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.0.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.0.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let begun_anew = |held: HeldLease| HeldLease { expires_ms: held.expires_ms + 250, ..held };
        Ok(self.0.leases(key).await?.into_iter().map(begun_anew).collect())
    }
}

#[test]
fn leases_begun_anew() {
    caught_by("durable::a_restart_moves_no_expiry", || {
        restarted_as(|before, model, _| before.with_slots(Arc::new(BegunAnew(model))))
    });
}
