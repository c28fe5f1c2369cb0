//! The memory backend with planted faults, on tokio's clock, so that a test can pause the time of all together.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Clock, Error, ErrorKind, HeldLease, Key, Lease, LeaseId, LeaseRequest, Result, Scope,
    SlotLimiter,
};
use limiter_layers::{LeaseKeeper, SlotGuard};
use limiter_memory::{Config, MemoryBackend};
use tokio::time::{Instant, sleep, timeout};

pub(crate) const TTL: Duration = Duration::from_secs(30);
const EPOCH_MS: u64 = 1_700_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Acquire,
    Renew,
    Release,
}

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
    /// It is done, but the answer leaves out all leases.
    AnswersTooFew,
    /// It is done, but the answer is an error.
    AnswerLost(ErrorKind),
    Panics,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) leases: usize,
}

#[derive(Debug)]
pub(crate) struct Store {
    memory: MemoryBackend,
    start: Instant,
    faults: Mutex<Vec<(Operation, usize, Fault)>>,
    hangs_on: Mutex<Vec<LeaseId>>,
    calls: Mutex<Vec<Call>>,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        let start = Instant::now();
        Arc::new(Self {
            memory: MemoryBackend::with_clock(Config::default(), Arc::new(TokioClock(start))).unwrap(),
            start,
            faults: Mutex::default(),
            hangs_on: Mutex::default(),
            calls: Mutex::default(),
        })
    }

    /// From now on, the calls of an operation go wrong like this.
    pub(crate) fn always(&self, operation: Operation, fault: Fault) {
        self.next(usize::MAX, operation, fault);
    }

    /// The next so many calls of an operation go wrong like this, the later ones don't.
    pub(crate) fn next(&self, count: usize, operation: Operation, fault: Fault) {
        let mut faults = self.faults.lock().unwrap();
        faults.retain(|(other, ..)| *other != operation);
        faults.push((operation, count, fault));
    }

    /// From now on, releases that have this lease among them hang.
    pub(crate) fn hang_on(&self, id: &LeaseId) {
        self.hangs_on.lock().unwrap().push(id.clone());
    }

    pub(crate) fn calls(&self, operation: Operation) -> Vec<Call> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| call.operation == operation).copied().collect()
    }

    pub(crate) fn count(&self, operation: Operation) -> usize {
        self.calls(operation).len()
    }

    /// Permits that are held as the store knows it, whatever its faults.
    pub(crate) async fn held(&self, key: &Key) -> u64 {
        self.memory.in_use(key).await.unwrap()
    }

    /// The moment at which the lease of [`streams`] that is the first to do so runs out by the store's clock.
    pub(crate) async fn first_expiry(&self) -> Instant {
        let leases = self.memory.leases(&streams()).await.unwrap();
        self.start + Duration::from_millis(leases[0].expires_ms - EPOCH_MS)
    }

    /// Frees a lease behind its holder's back.
    pub(crate) async fn forget(&self, lease: &Lease) {
        self.memory.release(std::slice::from_ref(lease)).await.unwrap();
    }

    pub(crate) async fn empties_within_a_second(&self, key: &Key) {
        self.empties_to(key, 0).await;
    }

    /// Waits until so many are held; not longer than a second.
    pub(crate) async fn empties_to(&self, key: &Key, left: u64) {
        let start = Instant::now();
        loop {
            let held = self.held(key).await;
            if held == left {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(1), "{held} are held still");
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn call<T>(
        &self,
        operation: Operation,
        leases: usize,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        match self.note(operation, leases) {
            Fault::None | Fault::AnswersTooFew => work.await,
            Fault::Fails(kind) => Err(planted(kind)),
            Fault::Hangs => std::future::pending().await,
            Fault::Slow(before, after) => {
                sleep(before).await;
                let answer = work.await;
                sleep(after).await;
                answer
            }
            Fault::AnswerLost(kind) => {
                work.await?;
                Err(planted(kind))
            }
            Fault::Panics => panic!("planted"),
        }
    }

    fn leaves_out(&self, operation: Operation) -> bool {
        let faults = self.faults.lock().unwrap();
        faults.iter().any(|(other, left, fault)| {
            *other == operation && *left > 0 && matches!(fault, Fault::AnswersTooFew)
        })
    }

    fn note(&self, operation: Operation, leases: usize) -> Fault {
        let call = Call { operation, leases };
        self.calls.lock().unwrap().push(call);
        let mut faults = self.faults.lock().unwrap();
        let planned = faults.iter_mut().find(|(other, left, _)| *other == operation && *left > 0);
        planned.map_or(Fault::None, |(_, left, fault)| {
            *left -= 1;
            *fault
        })
    }
}

#[async_trait]
impl SlotLimiter for Store {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.call(Operation::Acquire, 1, self.memory.acquire(request)).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.call(Operation::Renew, leases.len(), self.memory.renew(leases)).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let stuck = self.hangs_on.lock().unwrap().clone();
        if leases.iter().any(|lease| stuck.contains(lease.id())) {
            std::future::pending::<()>().await;
        }
        let too_few = self.leaves_out(Operation::Release);
        let live = self.call(Operation::Release, leases.len(), self.memory.release(leases)).await?;
        Ok(if too_few { Vec::new() } else { live })
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.memory.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.memory.leases(key).await
    }
}

#[derive(Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now_ms(&self) -> u64 {
        let since_start = Instant::now().duration_since(self.0);
        EPOCH_MS + u64::try_from(since_start.as_millis()).unwrap()
    }
}

fn planted(kind: ErrorKind) -> Error {
    Error::new(kind, "planted")
}

/// The key that most tests use.
pub(crate) fn streams() -> Key {
    Key::new("streams", "u1").unwrap()
}

/// A request for one slot of [`streams`].
pub(crate) fn request(cap: u64, ttl: Duration) -> LeaseRequest {
    LeaseRequest::new([Scope::new(streams(), cap)], ttl).unwrap()
}

/// A slot of [`streams`] with room for many.
pub(crate) async fn slot(keeper: &LeaseKeeper, ttl: Duration) -> SlotGuard {
    let slot = keeper.acquire(&request(100_000, ttl)).await.unwrap();
    slot.into_result().unwrap()
}

/// Polls a future as one does who looks once and goes.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits until a guard is told that its lease is lost. It must be within a time in which any would be.
pub(crate) async fn is_told(guard: &SlotGuard) {
    let told = timeout(2 * TTL, guard.lost()).await;
    assert!(told.is_ok(), "never told");
    assert!(guard.is_lost());
}

pub(crate) async fn slots(keeper: &LeaseKeeper, count: usize, ttl: Duration) -> Vec<SlotGuard> {
    let mut guards = Vec::with_capacity(count);
    for _ in 0..count {
        guards.push(slot(keeper, ttl).await);
    }
    guards
}
