//! The memory backend with planted faults, on tokio's clock, so that a test can pause the time of all together.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Clock, Control, Decision, Error, ErrorKind, HeldLease, Key,
    Lease, LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation,
    Reserved, Result, Settlement, SlotLimiter,
};
use limiter_memory::{Config, MemoryBackend};
use tokio::time::{Instant, sleep};

/// What a call does, apart from what it should.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    None,
    /// Nothing is done.
    Fails(ErrorKind),
    /// Never answers, nothing is done.
    Hangs,
    /// Waits, does it, waits, answers.
    Slow(Duration, Duration),
    /// Waits, and fails.
    FailsAfter(Duration, ErrorKind),
}

/// A store that fails as it is told.
#[derive(Debug)]
pub(crate) struct Store {
    memory: MemoryBackend,
    start: Instant,
    at_once: AtomicBool,
    planned: Mutex<VecDeque<Fault>>,
    always: Mutex<Fault>,
    calls: Mutex<Vec<Instant>>,
    under_way: AtomicUsize,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        let start = Instant::now();
        Arc::new(Self {
            memory: MemoryBackend::with_clock(Config::default(), Arc::new(TokioClock(start))).unwrap(),
            start,
            at_once: AtomicBool::new(false),
            planned: Mutex::default(),
            always: Mutex::new(Fault::None),
            calls: Mutex::default(),
            under_way: AtomicUsize::new(0),
        })
    }

    pub(crate) fn backend(self: &Arc<Self>) -> Backend {
        Backend::new("failing", Arc::clone(self))
    }

    /// From now on hits are answered without waiting.
    pub(crate) fn answer_at_once(&self) {
        self.at_once.store(true, Ordering::SeqCst);
    }

    /// From now on each call goes wrong like this.
    pub(crate) fn always(&self, fault: Fault) {
        *self.always.lock().unwrap() = fault;
    }

    /// The next calls go wrong like this, one after the other.
    pub(crate) fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.planned.lock().unwrap().extend(faults);
    }

    /// How many calls have come.
    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    /// When each call came, since the store was made.
    pub(crate) fn times(&self) -> Vec<Duration> {
        self.calls.lock().unwrap().iter().map(|at| *at - self.start).collect()
    }

    /// How many calls are neither answered nor dropped.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// Permits that are held, whatever the faults.
    pub(crate) async fn held(&self, key: &Key) -> u64 {
        self.memory.in_use(key).await.unwrap()
    }

    async fn call<T>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let _under_way = UnderWay::of(&self.under_way);
        match self.note() {
            Fault::None => work.await,
            Fault::Fails(kind) => Err(planted(kind)),
            Fault::Hangs => std::future::pending().await,
            Fault::Slow(before, after) => {
                sleep(before).await;
                let answer = work.await;
                sleep(after).await;
                answer
            }
            Fault::FailsAfter(wait, kind) => {
                sleep(wait).await;
                Err(planted(kind))
            }
        }
    }

    fn note(&self) -> Fault {
        self.calls.lock().unwrap().push(Instant::now());
        let planned = self.planned.lock().unwrap().pop_front();
        planned.unwrap_or(*self.always.lock().unwrap())
    }
}

#[async_trait]
impl RateLimiter for Store {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.call(self.memory.hit(charges)).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.call(self.memory.peek(charges)).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.call(self.memory.refund(receipt)).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.call(RateLimiter::reset(&self.memory, key, limit)).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        if !self.at_once.load(Ordering::SeqCst) {
            return None;
        }
        match self.note() {
            Fault::Fails(kind) => Some(Err(planted(kind))),
            _ => self.memory.hit_now(charges),
        }
    }
}

#[async_trait]
impl SlotLimiter for Store {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.call(self.memory.acquire(request)).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.call(self.memory.renew(leases)).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.call(self.memory.release(leases)).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.call(self.memory.in_use(key)).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.call(self.memory.leases(key)).await
    }
}

#[async_trait]
impl QuotaTracker for Store {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.call(self.memory.check(key, quota)).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.call(self.memory.record(key, quota, amount)).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.call(self.memory.reserve(reservation)).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.call(self.memory.settle(settlement)).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.call(QuotaTracker::reset(&self.memory, key, quota)).await
    }
}

#[async_trait]
impl Control for Store {
    async fn ping(&self) -> Result<()> {
        self.call(async { Ok(()) }).await
    }

    async fn shutdown(&self) -> Result<()> {
        self.call(async { Ok(()) }).await
    }

    fn describe(&self) -> String {
        "a store that fails".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }
}

/// Counts a call for as long as its future lives.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn of(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now_ms(&self) -> u64 {
        let since_start = Instant::now().duration_since(self.0);
        1_700_000_000_000 + u64::try_from(since_start.as_millis()).unwrap()
    }
}

fn planted(kind: ErrorKind) -> Error {
    Error::new(kind, "planted")
}

/// Polls a future as one does who looks once and goes.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
