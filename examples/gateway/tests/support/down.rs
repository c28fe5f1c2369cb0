//! A store that is down.

use std::sync::Arc;

use async_trait::async_trait;
use limiter_factory::{
    Acquisition, Backend, Capabilities, Charge, Control, Decision, Error, ErrorKind, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter,
};

/// Answers every call with an error of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Down(pub(crate) ErrorKind);

impl Down {
    /// A backend of which nothing answers.
    pub(crate) fn backend(self) -> Backend {
        Backend::new("down", Arc::new(self))
    }

    fn fail<T>(self) -> Result<T> {
        Err(Error::new(self.0, "the test says so"))
    }
}

#[async_trait]
impl RateLimiter for Down {
    async fn hit(&self, _: &[Charge<'_>]) -> Result<Decision> {
        self.fail()
    }

    async fn peek(&self, _: &[Charge<'_>]) -> Result<Decision> {
        self.fail()
    }

    async fn refund(&self, _: Receipt) -> Result<()> {
        self.fail()
    }

    async fn reset(&self, _: &Key, _: &Limit) -> Result<()> {
        self.fail()
    }
}

#[async_trait]
impl SlotLimiter for Down {
    async fn acquire(&self, _: &LeaseRequest) -> Result<Acquisition> {
        self.fail()
    }

    async fn renew(&self, _: &[Lease]) -> Result<Vec<bool>> {
        self.fail()
    }

    async fn release(&self, _: &[Lease]) -> Result<Vec<bool>> {
        self.fail()
    }

    async fn in_use(&self, _: &Key) -> Result<u64> {
        self.fail()
    }

    async fn leases(&self, _: &Key) -> Result<Vec<HeldLease>> {
        self.fail()
    }
}

#[async_trait]
impl QuotaTracker for Down {
    async fn check(&self, _: &Key, _: &Quota) -> Result<QuotaOutcome> {
        self.fail()
    }

    async fn record(&self, _: &Key, _: &Quota, _: u64) -> Result<QuotaOutcome> {
        self.fail()
    }

    async fn reserve(&self, _: &Reservation) -> Result<Reserved> {
        self.fail()
    }

    async fn settle(&self, _: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.fail()
    }

    async fn reset(&self, _: &Key, _: &Quota) -> Result<()> {
        self.fail()
    }
}

#[async_trait]
impl Control for Down {
    async fn ping(&self) -> Result<()> {
        self.fail()
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "down".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }
}
