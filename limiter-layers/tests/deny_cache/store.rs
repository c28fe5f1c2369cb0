//! A store that counts what it is asked, takes its time, and can be held up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Charge, Decision, Key, Limit, ManualClock, Outcome, RateLimiter, Receipt, Result, Source,
};
use limiter_layers::{DenyCache, DenyCacheLayer};
use limiter_testkit::Model;
use tokio::sync::Semaphore;

pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

/// The model, at a distance.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) model: Model,
    clock: ManualClock,
    asked: AtomicUsize,
    /// How long a hit takes on its way there and back.
    way: Mutex<[Duration; 2]>,
    /// Hits that are decided wait here with their answer.
    answers: Gate,
    /// Refunds and resets wait here before they are done.
    returns: Gate,
    source: Mutex<Source>,
    now: bool,
}

impl Store {
    fn new(clock: ManualClock, now: bool) -> Self {
        Self {
            model: Model::new(clock.clone()),
            clock,
            asked: AtomicUsize::new(0),
            way: Mutex::default(),
            answers: Gate::open(),
            returns: Gate::open(),
            source: Mutex::new(Source::Store),
            now,
        }
    }

    /// How many hits were asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// From now on the way takes so long.
    pub(crate) fn takes(&self, there: Duration, back: Duration) {
        *self.way.lock().unwrap() = [there, back];
    }

    /// From now on answers tell that they come from there.
    pub(crate) fn answers_from(&self, source: Source) {
        *self.source.lock().unwrap() = source;
    }

    /// Where answers of hits can be held up.
    pub(crate) const fn answers(&self) -> &Gate {
        &self.answers
    }

    /// Where refunds and resets can be held up.
    pub(crate) const fn returns(&self) -> &Gate {
        &self.returns
    }

    fn way(&self) -> [Duration; 2] {
        *self.way.lock().unwrap()
    }

    fn told(&self, decision: &Decision) -> Decision {
        Decision::new(*self.source.lock().unwrap(), decision.outcomes().iter().copied())
    }
}

#[async_trait]
impl RateLimiter for Store {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let [there, back] = self.way();
        self.clock.advance(there);
        let decision = self.model.hit(charges).await?;
        self.clock.advance(back);
        self.answers.pass().await;
        Ok(self.told(&decision))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.model.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.returns.pass().await;
        self.model.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.returns.pass().await;
        RateLimiter::reset(&self.model, key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        if !self.now {
            return None;
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.model.hit_now(charges)
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
        self.0.add_permits(1_000);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

/// A cache, the store behind it, and the clock of both.
pub(crate) struct Rig {
    pub(crate) cache: Arc<DenyCache<Arc<Store>>>,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: ManualClock,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::of(1_000, false)
    }

    /// Over a store that has its answers at hand.
    pub(crate) fn immediate() -> Self {
        Self::of(1_000, true)
    }

    pub(crate) fn of(entries: u64, now: bool) -> Self {
        let clock = ManualClock::new(NOW_MS);
        let store = Arc::new(Store::new(clock.clone(), now));
        let layer = DenyCacheLayer::new(entries).with_clock(clock.clone());
        let cache = Arc::new(layer.around(Arc::clone(&store)));
        Self { cache, store, clock }
    }

    pub(crate) async fn hit(&self, key: &Key, limit: &Limit, cost: u64) -> Decision {
        self.cache.hit(&[Charge::new(key, limit).with_cost(cost)]).await.unwrap()
    }

    /// A hit, and whether the store was asked.
    pub(crate) async fn hit_asks(&self, key: &Key, limit: &Limit, cost: u64) -> (Decision, bool) {
        let before = self.store.asked();
        let decision = self.hit(key, limit, cost).await;
        (decision, self.store.asked() > before)
    }

    /// A hit that is denied by the cache: what it tells.
    pub(crate) async fn cached(&self, key: &Key, limit: &Limit, cost: u64) -> Outcome {
        let (decision, asked) = self.hit_asks(key, limit, cost).await;
        assert!(!asked, "{limit} asked for {cost}: {decision:?}");
        assert_eq!((decision.is_allowed(), decision.source()), (false, Source::Cache));
        decision.outcomes()[0]
    }

    /// A hit that the store decides.
    pub(crate) async fn asked(&self, key: &Key, limit: &Limit, cost: u64) -> Decision {
        let (decision, asked) = self.hit_asks(key, limit, cost).await;
        assert!(asked, "{limit} didn't ask for {cost}: {decision:?}");
        decision
    }

    /// What the store would say.
    pub(crate) async fn truth(&self, key: &Key, limit: &Limit, cost: u64) -> Outcome {
        let charges = [Charge::new(key, limit).with_cost(cost)];
        self.store.model.peek(&charges).await.unwrap().outcomes()[0]
    }
}

pub(crate) fn key(subject: &str) -> Key {
    Key::new("chat", subject).unwrap()
}

/// One of each algorithm, of `max` units in ten seconds.
pub(crate) fn each(max: u64) -> [Limit; 4] {
    let window = Duration::from_secs(10);
    [
        Limit::fixed_window(max, window).unwrap(),
        Limit::sliding_window(max, window).unwrap(),
        Limit::sliding_log(max, window).unwrap(),
        Limit::token_bucket(max, window).unwrap(),
    ]
}
