//! A limiter that writes down what it is asked.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquired, Acquisition, Capabilities, Charge, Control, Decision, HeldLease, Key, Lease, LeaseRequest,
    Limit, Outcome, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation,
    Reserved, Result, Settlement, SlotLimiter, Source,
};

/// Writes down what it is asked, and answers something that can be told apart.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    asked: Mutex<Vec<String>>,
    /// Whether `hit_now` knows the answer.
    immediate: bool,
    /// How often `hit` is polled before it answers.
    waits: AtomicUsize,
    /// Whether a release, a renewal and a settle answer for nothing.
    mute: bool,
}

impl Recorder {
    pub(crate) fn immediate() -> Self {
        Self { immediate: true, ..Self::default() }
    }

    pub(crate) fn mute() -> Self {
        Self { mute: true, ..Self::default() }
    }

    pub(crate) fn waiting(waits: usize) -> Self {
        Self { waits: waits.into(), ..Self::default() }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn note(&self, what: impl Into<String>) {
        self.asked.lock().unwrap().push(what.into());
    }

    fn note_charges(&self, name: &str, charges: &[Charge<'_>]) {
        let shown = charges
            .iter()
            .map(|charge| format!(" {}x{}/{}", charge.key().subject(), charge.cost(), charge.limit().max()));
        self.note(name.to_owned() + &shown.collect::<String>());
    }

    fn lives(&self, leases: &[Lease]) -> Vec<bool> {
        if self.mute { Vec::new() } else { vec![true; leases.len()] }
    }
}

pub(crate) fn decision(remaining: u64) -> Decision {
    Decision::of_one(Source::Store, Outcome::fitting(0, remaining, 0))
}

pub(crate) const STANDING: QuotaOutcome = QuotaOutcome {
    used: 7,
    reserved: 1,
    remaining: 2,
    reset_after: Duration::from_secs(9),
    retry_after: None,
    source: Source::Store,
};

#[async_trait]
impl RateLimiter for Recorder {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.note_charges("hit", charges);
        std::future::poll_fn(|_| {
            let left = self.waits.load(Ordering::SeqCst);
            self.waits.store(left.saturating_sub(1), Ordering::SeqCst);
            if left > 0 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        Ok(decision(11))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.note_charges("peek", charges);
        Ok(decision(12))
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.note(format!("refund {}", receipt.lines().len()));
        Ok(())
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.note(format!("reset {}/{}", key.subject(), limit.max()));
        Ok(())
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        self.note_charges("hit_now", charges);
        self.immediate.then(|| Ok(decision(13)))
    }
}

#[async_trait]
impl SlotLimiter for Recorder {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.note(format!("acquire {}", request.permits()));
        Ok(Acquisition::Acquired(Acquired { lease: request.lease(), in_use: vec![1], source: Source::Store }))
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.note(format!("renew {}", leases.len()));
        Ok(self.lives(leases))
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.note(format!("release {}", leases.len()));
        Ok(self.lives(leases))
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.note(format!("in_use {}", key.subject()));
        Ok(3)
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.note(format!("leases {}", key.subject()));
        Ok(Vec::new())
    }
}

#[async_trait]
impl QuotaTracker for Recorder {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.note(format!("check {}/{}", key.subject(), quota.max()));
        Ok(STANDING)
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.note(format!("record {}/{} {amount}", key.subject(), quota.max()));
        Ok(STANDING)
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let amounts: Vec<_> = reservation.charges().iter().map(QuotaCharge::amount).collect();
        self.note(format!("reserve {amounts:?} {}", reservation.ttl_ms()));
        Ok(Reserved::Granted(vec![STANDING]))
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let amounts: Vec<_> = settlement.charges().iter().map(QuotaCharge::amount).collect();
        self.note(format!("settle {amounts:?}"));
        Ok(if self.mute { Vec::new() } else { vec![STANDING] })
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.note(format!("forget {}/{}", key.subject(), quota.max()));
        Ok(())
    }
}

#[async_trait]
impl Control for Recorder {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "recorder".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }
}
