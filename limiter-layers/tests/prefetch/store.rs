//! The reference behind a wire: it counts what it is asked, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Backend, Capabilities, Charge, Control, Decision, Error, ErrorKind, Key, Limit, ManualClock, RateLimiter,
    RateLimiterExt, Receipt, Result, Source,
};
use limiter_layers::{Layer, PrefetchLayer};
use limiter_testkit::Model;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::sleep;

/// The start of a minute.
pub(crate) const START_MS: u64 = 1_700_000_040_000;

/// How a hit is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Done at once, answered when the test opens the gate.
    AnsweredLate,
    Fails(ErrorKind),
    /// Done, but it isn't known.
    AnswerLost,
    /// The same, once the test opens the gate.
    AnswerLostLate,
    /// Let through by whoever stands in.
    Answered(Source),
    Panics,
}

#[derive(Debug)]
pub(crate) struct Store {
    model: Model,
    pub(crate) clock: ManualClock,
    faults: Mutex<VecDeque<Fault>>,
    costs: Mutex<Vec<u64>>,
    refunds: Mutex<Vec<(u64, u64, Source)>>,
    /// Whose refunds came, in turn.
    returned: Mutex<Vec<Key>>,
    gate: Notify,
    returns: Gate,
    resets: Gate,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        let clock = ManualClock::new(START_MS);
        Arc::new(Self {
            model: Model::new(clock.clone()),
            clock,
            faults: Mutex::default(),
            costs: Mutex::default(),
            refunds: Mutex::default(),
            returned: Mutex::default(),
            gate: Notify::new(),
            returns: Gate::open(),
            resets: Gate::open(),
        })
    }

    /// Another process that prefetches from it.
    pub(crate) fn prefetched(self: &Arc<Self>, layer: PrefetchLayer) -> Backend {
        let store = Model::new(self.clock.clone());
        let backend = Backend::new("store", Arc::new(store)).with_rates(Arc::clone(self) as _);
        layer.with_clock(self.clock.clone()).wrap(backend)
    }

    pub(crate) fn next(&self, fault: Fault) {
        self.faults.lock().unwrap().push_back(fault);
    }

    pub(crate) fn open_gate(&self) {
        self.gate.notify_one();
    }

    pub(crate) fn advance_ms(&self, by_ms: u64) {
        self.clock.advance(Duration::from_millis(by_ms));
    }

    /// What the hits have cost that came here.
    pub(crate) fn costs(&self) -> Vec<u64> {
        self.costs.lock().unwrap().clone()
    }

    /// What was given back: units, when they were charged, where.
    pub(crate) fn refunds(&self) -> Vec<(u64, u64, Source)> {
        self.refunds.lock().unwrap().clone()
    }

    /// Whose refunds came.
    pub(crate) fn returned(&self) -> Vec<Key> {
        self.returned.lock().unwrap().clone()
    }

    /// Where refunds wait before they are done.
    pub(crate) const fn returns(&self) -> &Gate {
        &self.returns
    }

    /// Where resets wait before they are done.
    pub(crate) const fn resets(&self) -> &Gate {
        &self.resets
    }

    /// What is left of a limit.
    pub(crate) async fn left(&self, key: &Key, limit: &Limit) -> u64 {
        self.model.peek(&[Charge::new(key, limit)]).await.unwrap().outcomes()[0].remaining()
    }
}

#[async_trait]
impl RateLimiter for Store {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.costs.lock().unwrap().push(charges[0].cost());
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => self.model.hit(charges).await,
            Some(Fault::AnsweredLate) => {
                let decision = self.model.hit(charges).await;
                self.gate.notified().await;
                decision
            }
            Some(Fault::Fails(kind)) => Err(Error::new(kind, "on purpose").with_context("space", "chat")),
            Some(fault @ (Fault::AnswerLost | Fault::AnswerLostLate)) => {
                if matches!(fault, Fault::AnswerLostLate) {
                    self.gate.notified().await;
                }
                let _ = self.model.hit(charges).await?;
                Err(Error::new(ErrorKind::Timeout, "on purpose").possibly_charged())
            }
            Some(Fault::Answered(Source::Uncounted)) => Ok(Decision::new(Source::Uncounted, [])),
            Some(Fault::Answered(source)) => {
                let decision = self.model.hit(charges).await?;
                Ok(Decision::new(source, decision.outcomes().iter().copied()))
            }
            Some(Fault::Panics) => panic!("on purpose"),
        }
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.model.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        for line in receipt.lines() {
            let refund = (line.charge().cost(), line.charged_at_ms(), receipt.source());
            self.refunds.lock().unwrap().push(refund);
            self.returned.lock().unwrap().push(line.charge().key().clone());
        }
        self.returns.pass().await?;
        self.model.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.resets.pass().await?;
        self.model.reset(key, limit).await
    }
}

/// Where calls can be held up.
#[derive(Debug)]
pub(crate) struct Gate(Semaphore);

impl Gate {
    fn open() -> Self {
        Self(Semaphore::new(Semaphore::MAX_PERMITS))
    }

    pub(crate) fn hold(&self) {
        self.0.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn let_go(&self) {
        self.0.add_permits(1000);
    }

    /// From now on whatever comes fails, and what waits.
    pub(crate) fn fail(&self) {
        self.0.close();
    }

    async fn pass(&self) -> Result<()> {
        let passed = self.0.acquire().await;
        passed.map(SemaphorePermit::forget).map_err(|_| Error::new(ErrorKind::Unavailable, "on purpose"))
    }
}

#[async_trait]
impl Control for Store {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "store".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }
}

pub(crate) fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}

/// So many hits of one unit, one after the other; how many are allowed.
pub(crate) async fn hits(backend: &Backend, limit: &Limit, times: usize) -> usize {
    let mut allowed = 0;
    for _ in 0..times {
        allowed += usize::from(backend.rates.hit_one(&key(), limit).await.unwrap().is_allowed());
    }
    allowed
}

/// Hits until permits are at hand.
pub(crate) async fn warm(backend: &Backend, limit: &Limit) {
    for _ in 0..20 {
        assert!(backend.rates.hit_one(&key(), limit).await.unwrap().is_allowed());
    }
    let key = key();
    while backend.rates.hit_now(&[Charge::new(&key, limit)]).is_none() {
        assert!(backend.rates.hit_one(&key, limit).await.unwrap().is_allowed());
    }
}

/// One hit of one unit without waiting; whether there was a permit at hand.
pub(crate) fn at_hand(backend: &Backend, limit: &Limit) -> bool {
    backend.rates.hit_now(&[Charge::new(&key(), limit)]).is_some()
}

/// Long enough for the layer to look after what it holds. The store's time passes too.
pub(crate) async fn looked_after(store: &Store, times: u32) {
    for _ in 0..times {
        store.advance_ms(101);
        sleep(Duration::from_millis(101)).await;
    }
}
