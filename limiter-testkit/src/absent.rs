//! What stands where a candidate has no part: it refuses every call, so that nothing is proven by mistake.

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Capabilities, Charge, Control, Decision, Error, ErrorKind, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter,
};

/// The parts that a candidate lacks, and what it declares of those that it has.
#[derive(Debug)]
pub(crate) struct Absent(pub(crate) Capabilities);

fn absent<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, "the candidate was made without this part"))
}

#[async_trait]
impl RateLimiter for Absent {
    async fn hit(&self, _: &[Charge<'_>]) -> Result<Decision> {
        absent()
    }

    async fn peek(&self, _: &[Charge<'_>]) -> Result<Decision> {
        absent()
    }

    async fn refund(&self, _: Receipt) -> Result<()> {
        absent()
    }

    async fn reset(&self, _: &Key, _: &Limit) -> Result<()> {
        absent()
    }
}

#[async_trait]
impl SlotLimiter for Absent {
    async fn acquire(&self, _: &LeaseRequest) -> Result<Acquisition> {
        absent()
    }

    async fn renew(&self, _: &[Lease]) -> Result<Vec<bool>> {
        absent()
    }

    async fn release(&self, _: &[Lease]) -> Result<Vec<bool>> {
        absent()
    }

    async fn in_use(&self, _: &Key) -> Result<u64> {
        absent()
    }

    async fn leases(&self, _: &Key) -> Result<Vec<HeldLease>> {
        absent()
    }
}

#[async_trait]
impl QuotaTracker for Absent {
    async fn check(&self, _: &Key, _: &Quota) -> Result<QuotaOutcome> {
        absent()
    }

    async fn record(&self, _: &Key, _: &Quota, _: u64) -> Result<QuotaOutcome> {
        absent()
    }

    async fn reserve(&self, _: &Reservation) -> Result<Reserved> {
        absent()
    }

    async fn settle(&self, _: &Settlement) -> Result<Vec<QuotaOutcome>> {
        absent()
    }

    async fn reset(&self, _: &Key, _: &Quota) -> Result<()> {
        absent()
    }
}

#[async_trait]
impl Control for Absent {
    async fn ping(&self) -> Result<()> {
        absent()
    }

    async fn shutdown(&self) -> Result<()> {
        absent()
    }

    fn describe(&self) -> String {
        "one part of a backend".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        self.0
    }
}
