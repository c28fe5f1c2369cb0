//! Slots that are observed.
#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use limiter_core::{Acquisition, HeldLease, Key, Lease, LeaseRequest, Result, SlotLimiter};

use super::observed::Observe;
use super::operation::Operation;
use super::what::What;

#[async_trait]
impl<L: SlotLimiter> SlotLimiter for Observe<L> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let call = self.watch.begin(Operation::Acquire, What::Request(request));
        let acquisition = call.run(self.inner.acquire(request)).await?;
        if let Some(meters) = self.watch.meters() {
            meters.acquired(request, &acquisition);
        }
        Ok(acquisition)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let call = self.watch.begin(Operation::Renew, What::Leases(leases));
        let live = call.run(self.inner.renew(leases)).await?;
        if let Some(meters) = self.watch.meters() {
            meters.renewed(leases, &live);
        }
        Ok(live)
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let call = self.watch.begin(Operation::Release, What::Leases(leases));
        let live = call.run(self.inner.release(leases)).await?;
        if let Some(meters) = self.watch.meters() {
            meters.released(leases, &live);
        }
        Ok(live)
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.watch.begin(Operation::InUse, What::Key(key)).run(self.inner.in_use(key)).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.watch.begin(Operation::Leases, What::Key(key)).run(self.inner.leases(key)).await
    }
}
