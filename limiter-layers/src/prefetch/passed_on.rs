//! Slots and quotas, which are passed on.
#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use limiter_core::{
    Acquisition, HeldLease, Key, Lease, LeaseRequest, Quota, QuotaOutcome, QuotaTracker, Reservation,
    Reserved, Result, Settlement, SlotLimiter,
};

use super::Prefetch;

#[async_trait]
impl<L: SlotLimiter> SlotLimiter for Prefetch<L> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.inner.acquire(request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.inner.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.inner.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.inner.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.inner.leases(key).await
    }
}

#[async_trait]
impl<L: QuotaTracker> QuotaTracker for Prefetch<L> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.inner.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.inner.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.inner.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.inner.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.inner.reset(key, quota).await
    }
}
