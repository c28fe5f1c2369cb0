//! A store that fails, answers from elsewhere, and remembers what it was asked.

use std::future::pending;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Control, Decision, Error, ErrorKind, HeldLease, Key, Lease,
    LeaseRequest, Limit, ManualClock, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation,
    Reserved, Result, Settlement, SlotLimiter, Source,
};
use limiter_testkit::Model;

pub(crate) const PASSWORD: &str = "hunter2";

/// The model, with faults.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) model: Model,
    fault: Mutex<Option<Fault>>,
    asked: Mutex<Vec<String>>,
    immediate: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Fails(ErrorKind),
    /// Hits are answered from there.
    From(Source),
    Hangs,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::on(ManualClock::new(1_700_000_000_000), true))
    }

    /// One that never has an answer at hand.
    pub(crate) fn distant() -> Arc<Self> {
        Arc::new(Self::on(ManualClock::new(1_700_000_000_000), false))
    }

    pub(crate) fn on(clock: ManualClock, immediate: bool) -> Self {
        Self { model: Model::new(clock), fault: Mutex::default(), asked: Mutex::default(), immediate }
    }

    pub(crate) fn backend(self: &Arc<Self>) -> Backend {
        Backend::new("model", Arc::clone(self))
    }

    pub(crate) fn fault(&self, fault: impl Into<Option<Fault>>) {
        *self.fault.lock().unwrap() = fault.into();
    }

    /// What it was asked since this was last asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    async fn ask(&self, asked: impl Into<String>) -> Result<()> {
        self.asked.lock().unwrap().push(asked.into());
        let fault = *self.fault.lock().unwrap();
        match fault {
            Some(Fault::Fails(kind)) => Err(failure(kind)),
            Some(Fault::Hangs) => pending().await,
            _ => Ok(()),
        }
    }

    fn told(&self, decision: Decision) -> Decision {
        match *self.fault.lock().unwrap() {
            Some(Fault::From(source)) => Decision::new(source, decision.outcomes().iter().copied()),
            _ => decision,
        }
    }
}

/// An error as a careless client might make it: with a password in what caused it.
fn failure(kind: ErrorKind) -> Error {
    let url = format!("can't reach redis://user:{PASSWORD}@db");
    Error::new(kind, "planted").with_operation("hit").with_source(Error::new(ErrorKind::Internal, url))
}

fn ids(leases: &[Lease]) -> String {
    leases.iter().map(|lease| lease.id().as_str()).collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl RateLimiter for Store {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.ask("hit").await?;
        self.model.hit(charges).await.map(|decision| self.told(decision))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.ask("peek").await?;
        self.model.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.ask("refund").await?;
        self.model.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.ask("reset").await?;
        RateLimiter::reset(&self.model, key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        if !self.immediate || self.fault.lock().unwrap().is_some() {
            return None;
        }
        self.model.hit_now(charges)
    }
}

#[async_trait]
impl SlotLimiter for Store {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.ask("acquire").await?;
        self.model.acquire(request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.ask(format!("renew {}", ids(leases))).await?;
        self.model.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.ask(format!("release {}", ids(leases))).await?;
        self.model.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.ask("in_use").await?;
        self.model.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.ask("leases").await?;
        self.model.leases(key).await
    }
}

#[async_trait]
impl QuotaTracker for Store {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.ask("check").await?;
        self.model.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.ask("record").await?;
        self.model.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.ask("reserve").await?;
        self.model.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.ask("settle").await?;
        self.model.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.ask("reset").await?;
        QuotaTracker::reset(&self.model, key, quota).await
    }
}

#[async_trait]
impl Control for Store {
    async fn ping(&self) -> Result<()> {
        self.ask("ping").await
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "the model".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        self.model.capabilities()
    }
}
