//! Many callers on the same keys.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;

use async_trait::async_trait;
use limiter_core::{
    CasBackend, CasStore, CasWrite, Charge, Loaded, ManualClock, QuotaTracker, RateLimiter, Result,
    SlotLimiter, limit,
};

use crate::asks::{NOW_MS, at_once, key, limits, quota, wanting};
use crate::map::MapStore;

/// A store that answers later, and loses half of all commits besides those that others lose.
#[derive(Debug)]
struct Slow {
    map: MapStore,
    /// How many polls pass before an answer.
    polls: u32,
    loses: bool,
    commits: AtomicU64,
    most_attempts: AtomicU32,
}

impl Slow {
    fn new(polls: u32, loses: bool) -> Self {
        let map = MapStore::new(ManualClock::new(NOW_MS));
        Self { map, polls, loses, commits: AtomicU64::new(0), most_attempts: AtomicU32::new(0) }
    }

    async fn take_time(&self) {
        thread::yield_now();
        for _ in 0..self.polls {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl CasStore for Slow {
    async fn load(&self, names: &[Vec<u8>]) -> Result<Loaded> {
        let loaded = self.map.load(names).await;
        self.take_time().await;
        loaded
    }

    async fn commit(&self, writes: &[CasWrite]) -> Result<bool> {
        self.take_time().await;
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        let even = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63 == 0;
        if self.loses && even { Ok(false) } else { self.map.commit(writes).await }
    }

    async fn pause(&self, attempt: u32) {
        self.most_attempts.fetch_max(attempt, Ordering::SeqCst);
        self.map.pause(attempt).await;
    }
}

/// Runs something on eight threads, so often on each; tells how often it answered yes.
fn on_threads(times: usize, call: impl Fn() -> bool + Sync) -> usize {
    let yes = || (0..times).filter(|_| call()).count();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(yes)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

#[test]
fn hits_on_many_threads_admit_exactly_as_many_as_fit() {
    for limit in limits() {
        let backend = CasBackend::new(Slow::new(0, true));
        let (one, other, plenty) = (key("one"), key("other"), limit!("10000/hour"));
        let hit = || {
            let charges = [Charge::new(&other, &plenty), Charge::new(&one, &limit)];
            at_once(backend.hit(&charges)).unwrap().is_allowed()
        };
        let fit = usize::try_from(limit.capacity()).unwrap();
        assert_eq!(on_threads(40, hit), fit, "{limit:?}");
        let counted = at_once(backend.peek(&[Charge::new(&other, &plenty)])).unwrap();
        assert_eq!(counted.outcomes()[0].remaining(), 10_000 - limit.capacity(), "{limit:?}");
    }
}

#[test]
fn acquires_on_many_threads_are_granted_up_to_the_cap() {
    let backend = CasBackend::new(Slow::new(0, true));
    let (one, other) = (key("one"), key("other"));
    let acquire = || at_once(backend.acquire(&wanting(&[&other, &one], 7))).unwrap().is_acquired();
    assert_eq!(on_threads(20, acquire), 7);
    assert_eq!([&one, &other].map(|key| at_once(backend.in_use(key)).unwrap()), [7, 7]);
}

#[test]
fn records_on_many_threads_add_up() {
    let backend = CasBackend::new(Slow::new(0, true));
    let key = key("u1");
    let record = || at_once(backend.record(&key, &quota(), 3)).unwrap().is_allowed();
    assert_eq!(on_threads(50, record), 400);
    assert_eq!(at_once(backend.check(&key, &quota())).unwrap().used, 1_200);
}

/// As many as 64 tasks of each of four processes, all of them between a load and its commit at once, over a store that
/// doesn't say how to pause.
#[test]
fn two_hundred_and_fifty_six_callers_on_one_key_all_get_an_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let backend = std::sync::Arc::new(CasBackend::new(Slow::new(8, false)));
    let tasks = (0..256).map(|_| {
        let backend = backend.clone();
        runtime.spawn(async move {
            let decision = backend.hit(&[Charge::new(&key("hot"), &limit!("10000/hour"))]).await;
            assert!(decision.unwrap().is_allowed());
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        runtime.block_on(task).unwrap();
    }
    let counted = at_once(backend.peek(&[Charge::new(&key("hot"), &limit!("10000/hour"))])).unwrap();
    assert_eq!(counted.outcomes()[0].remaining(), 10_000 - 256);
    let most = backend.store().most_attempts.load(Ordering::SeqCst);
    assert!(most < 1_000, "{most} attempts");
}
