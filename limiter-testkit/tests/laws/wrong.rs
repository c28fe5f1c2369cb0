//! Backends that do what the reference does, but for one fault.

use std::fmt::Debug;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Charge, Decision, HeldLease, Key, Lease, LeaseRequest, Limit, Quota, QuotaOutcome,
    QuotaTracker, RateLimiter, Receipt, Reservation, Reserved, Result, Settlement, SlotLimiter,
};
use limiter_testkit::Model;

/// The reference with a fault.
#[derive(Debug)]
pub(crate) struct Wrong<F> {
    pub(crate) model: Model,
    pub(crate) fault: F,
}

/// What of rates is done wrongly: nothing, unless said otherwise.
#[async_trait]
pub(crate) trait RateFault: Debug + Send + Sync + 'static {
    async fn hit(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        model.hit(charges).await
    }

    async fn peek(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        model.peek(charges).await
    }

    async fn refund(&self, model: &Model, receipt: Receipt) -> Result<()> {
        model.refund(receipt).await
    }
}

#[async_trait]
impl<F: RateFault> RateLimiter for Wrong<F> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.fault.hit(&self.model, charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.fault.peek(&self.model, charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.fault.refund(&self.model, receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&self.model, key, limit).await
    }
}

/// What of slots is done wrongly: nothing, unless said otherwise.
#[async_trait]
pub(crate) trait SlotFault: Debug + Send + Sync + 'static {
    async fn acquire(&self, model: &Model, request: &LeaseRequest) -> Result<Acquisition> {
        model.acquire(request).await
    }

    async fn renew(&self, model: &Model, leases: &[Lease]) -> Result<Vec<bool>> {
        model.renew(leases).await
    }

    async fn release(&self, model: &Model, leases: &[Lease]) -> Result<Vec<bool>> {
        model.release(leases).await
    }
}

#[async_trait]
impl<F: SlotFault> SlotLimiter for Wrong<F> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.fault.acquire(&self.model, request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.fault.renew(&self.model, leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.fault.release(&self.model, leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.model.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.model.leases(key).await
    }
}

/// What of quotas is done wrongly: nothing, unless said otherwise.
#[async_trait]
pub(crate) trait QuotaFault: Debug + Send + Sync + 'static {
    async fn check(&self, model: &Model, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        model.check(key, quota).await
    }

    async fn record(&self, model: &Model, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        model.record(key, quota, amount).await
    }

    async fn reserve(&self, model: &Model, reservation: &Reservation) -> Result<Reserved> {
        model.reserve(reservation).await
    }

    async fn settle(&self, model: &Model, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        model.settle(settlement).await
    }
}

#[async_trait]
impl<F: QuotaFault> QuotaTracker for Wrong<F> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.fault.check(&self.model, key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.fault.record(&self.model, key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.fault.reserve(&self.model, reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.fault.settle(&self.model, settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        QuotaTracker::reset(&self.model, key, quota).await
    }
}
