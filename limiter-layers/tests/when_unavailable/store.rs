//! The memory backend as a store that goes down and comes back, on tokio's clock, so that a test can pause the time of all
//! together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Clock, Control, Decision, Error, ErrorKind, HeldLease, Key,
    Lease, LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation,
    Reserved, Result, Settlement, SlotLimiter,
};
use limiter_memory::{Config, MemoryBackend};
use tokio::time::{Instant, sleep};

const EPOCH_MS: u64 = 1_700_000_000_000;

/// How the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Well,
    /// Nothing is done, and that is certain.
    Down,
    /// Nothing is done, and nobody knows.
    RequestsLost,
    /// It is done, and nobody knows.
    AnswersLost,
    /// Nothing is done, for another reason than that it is down.
    Fails(ErrorKind),
    /// Never answers, nothing is done.
    Hangs,
    Panics,
}

/// A store that can be brought down, and the limiters that count in it whatever its state.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) memory: MemoryBackend,
    state: Mutex<State>,
    /// What calls hang on, whatever the state.
    stuck: Mutex<(Vec<Key>, Option<Lease>)>,
    calls: AtomicUsize,
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
    /// How long each call takes.
    slowness: Mutex<Duration>,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryBackend::with_clock(Config::default(), Arc::new(TokioClock(Instant::now())))
                .unwrap(),
            state: Mutex::new(State::Well),
            stuck: Mutex::default(),
            calls: AtomicUsize::default(),
            under_way: AtomicUsize::default(),
            most_at_once: AtomicUsize::default(),
            slowness: Mutex::default(),
        })
    }

    pub(crate) fn backend(self: &Arc<Self>) -> Backend {
        Backend::new("store", Arc::clone(self))
    }

    pub(crate) fn set(&self, state: State) {
        *self.state.lock().unwrap() = state;
    }

    pub(crate) fn takes(&self, slowness: Duration) {
        *self.slowness.lock().unwrap() = slowness;
    }

    /// Settles of these keys, and releases that have this lease among them, hang from now on.
    pub(crate) fn hang_on(&self, keys: &[Key], lease: &Lease) {
        *self.stuck.lock().unwrap() = (keys.to_vec(), Some(lease.clone()));
    }

    /// Calls of any kind so far.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The most calls that were under way at one time since this was last asked.
    pub(crate) fn take_most_at_once(&self) -> usize {
        self.most_at_once.swap(0, Ordering::SeqCst)
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let _passage = Passage::of(self);
        let slowness = *self.slowness.lock().unwrap();
        if !slowness.is_zero() {
            sleep(slowness).await;
        }
        let state = *self.state.lock().unwrap();
        let failed = |kind| Err(Error::new(kind, "planted").with_operation(operation));
        match state {
            State::Well => work.await,
            State::Down => failed(ErrorKind::Unavailable),
            State::RequestsLost => failed(ErrorKind::Timeout).map_err(Error::possibly_charged),
            State::AnswersLost => {
                work.await?;
                failed(ErrorKind::Timeout).map_err(Error::possibly_charged)
            }
            State::Fails(kind) => failed(kind),
            State::Hangs => std::future::pending().await,
            State::Panics => panic!("planted"),
        }
    }
}

/// A call that is under way, until it is dropped.
struct Passage<'a>(&'a Store);

impl<'a> Passage<'a> {
    fn of(store: &'a Store) -> Self {
        let at_once = store.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        store.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        Self(store)
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl RateLimiter for Store {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.call("hit", self.memory.hit(charges)).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.call("peek", self.memory.peek(charges)).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.call("refund", self.memory.refund(receipt)).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.call("reset", RateLimiter::reset(&self.memory, key, limit)).await
    }

    /// At hand only when nothing can be answered, as a circuit breaker has it.
    fn hit_now(&self, _charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let down = *self.state.lock().unwrap() == State::Down;
        down.then(|| Err(Error::new(ErrorKind::Unavailable, "planted").with_operation("hit")))
    }
}

#[async_trait]
impl SlotLimiter for Store {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.call("acquire", self.memory.acquire(request)).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.call("renew", self.memory.renew(leases)).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let stuck = self.stuck.lock().unwrap().1.clone();
        if leases.iter().any(|lease| stuck.as_ref() == Some(lease)) {
            std::future::pending::<()>().await;
        }
        self.call("release", self.memory.release(leases)).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.call("in_use", self.memory.in_use(key)).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.call("leases", self.memory.leases(key)).await
    }
}

#[async_trait]
impl QuotaTracker for Store {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.call("check", self.memory.check(key, quota)).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.call("record", self.memory.record(key, quota, amount)).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.call("reserve", self.memory.reserve(reservation)).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let stuck = self.stuck.lock().unwrap().0.clone();
        if settlement.charges().iter().any(|charge| stuck.contains(charge.key())) {
            std::future::pending::<()>().await;
        }
        self.call("settle", self.memory.settle(settlement)).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.call("reset", QuotaTracker::reset(&self.memory, key, quota)).await
    }
}

#[async_trait]
impl Control for Store {
    async fn ping(&self) -> Result<()> {
        self.call("ping", async { Ok(()) }).await
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "a store that goes down".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_atomic_keys()
    }
}

#[derive(Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now_ms(&self) -> u64 {
        EPOCH_MS + u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}
