//! Exact from any number of threads.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use limiter_core::{
    Charge, Key, LeaseRequest, Limit, ManualClock, Period, Quota, QuotaCharge, QuotaTracker, RateLimiter,
    Reservation, Scope, SlotLimiter,
};
use limiter_memory::{Config, MemoryBackend};

const THREADS: usize = 8;
const HITS: usize = 20_000;

fn store() -> Arc<MemoryBackend> {
    let clock = ManualClock::new(1_700_000_000_000);
    Arc::new(MemoryBackend::with_clock(Config::default().with_capacity(10_000), Arc::new(clock)).unwrap())
}

/// Starts all threads together; sums up what they tell.
fn together(run: impl Fn(usize) -> u64 + Sync) -> u64 {
    let (barrier, sum) = (Barrier::new(THREADS), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (barrier, sum, run) = (&barrier, &sum, &run);
            scope.spawn(move || {
                barrier.wait();
                sum.fetch_add(run(number), Ordering::SeqCst);
            });
        }
    });
    sum.into_inner()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_limit_below_the_hits_admits_exactly_its_max() {
    let window = Duration::from_secs(3600);
    for (limit, space) in [
        (Limit::fixed_window(70_001, window).unwrap(), "fixed"),
        (Limit::sliding_window(70_001, window).unwrap(), "sliding"),
        (Limit::token_bucket(70_001, window).unwrap(), "bucket"),
        (Limit::sliding_log(9_001, window).unwrap(), "log"),
    ] {
        let (store, key) = (store(), Key::new(space, "hot").unwrap());
        let admitted = together(|_| {
            let hit = || store.hit_now(&[Charge::new(&key, &limit)]).unwrap().unwrap().is_allowed();
            (0..HITS).map(|_| u64::from(hit())).sum()
        });
        assert_eq!(admitted, limit.max(), "{space}");
    }
}

#[test]
fn several_keys_in_one_step_are_all_or_nothing_in_any_order() {
    let store = store();
    let limit = Limit::fixed_window(50_000, Duration::from_secs(3600)).unwrap();
    let keys: Vec<_> = (0..6).map(|number| Key::new("k", &number.to_string()).unwrap()).collect();
    let used: Vec<_> = keys.iter().map(|_| AtomicU64::new(0)).collect();
    let admitted = together(|thread| {
        let mut admitted = 0;
        for step in 0..HITS {
            let picked = [(thread + step) % 6, (thread + step * 5 + 1) % 6, (thread * 3 + step + 2) % 6];
            if picked[0] == picked[1] || picked[1] == picked[2] || picked[0] == picked[2] {
                continue;
            }
            let charges = picked.map(|key| Charge::new(&keys[key], &limit));
            if store.hit_now(&charges).unwrap().unwrap().is_allowed() {
                for key in picked {
                    used[key].fetch_add(1, Ordering::SeqCst);
                }
                admitted += 1;
            }
        }
        admitted
    });
    assert!(admitted > 10_000, "{admitted} of {} calls", THREADS * HITS);
    for (key, used) in keys.iter().zip(used) {
        let peeked = block_on(store.peek(&[Charge::new(key, &limit)])).unwrap();
        assert_eq!(limit.max() - peeked.outcomes()[0].remaining(), used.into_inner());
    }
}

#[test]
fn several_charges_are_given_back_in_one_step() {
    let store = store();
    let limit = Limit::fixed_window(1_000, Duration::from_secs(3600)).unwrap();
    let keys = ["one", "other"].map(|name| Key::new("k", name).unwrap());
    let charges = keys.each_ref().map(|key| Charge::new(key, &limit));
    let hit = |cost| store.hit_now(&charges.map(|charge| charge.with_cost(cost))).unwrap().unwrap();
    let _ = hit(1);
    let writer = async {
        for _ in 0..HITS {
            store.refund(hit(1).into_receipt(&charges).unwrap()).await.unwrap();
        }
    };
    thread::scope(|scope| {
        let writer = scope.spawn(|| block_on(writer));
        while !writer.is_finished() {
            let seen = hit(0);
            let [one, other] = [0, 1].map(|charge| seen.outcomes()[charge].remaining());
            assert_eq!(one, other, "one was given back and the other not yet");
        }
    });
}

#[test]
fn readers_beside_writers_and_new_keys_see_whole_counters() {
    let store = store();
    let limit = Limit::token_bucket(1_000_000, Duration::from_secs(3600)).unwrap();
    let key = Key::new("hot", "").unwrap();
    let hits = together(|thread| {
        let mut hits = 0;
        for step in 0..HITS {
            if thread == 0 {
                let new = Key::new("new", &step.to_string()).unwrap();
                let _ = store.hit_now(&[Charge::new(&new, &limit)]).unwrap();
            } else if thread % 2 == 0 {
                let peeked = store.hit_now(&[Charge::new(&key, &limit).with_cost(0)]).unwrap().unwrap();
                assert!(peeked.outcomes()[0].remaining() >= 1_000_000 - (THREADS * HITS) as u64);
            } else {
                hits += u64::from(store.hit_now(&[Charge::new(&key, &limit)]).unwrap().unwrap().is_allowed());
            }
        }
        hits
    });
    let peeked = block_on(store.peek(&[Charge::new(&key, &limit)])).unwrap();
    assert_eq!(1_000_000 - peeked.outcomes()[0].remaining(), hits);
}

#[test]
fn a_cap_below_the_callers_lets_exactly_so_many_in() {
    let store = store();
    let (all, user) = (Key::all("streams").unwrap(), Key::new("streams", "u1").unwrap());
    let granted = together(|_| {
        let acquire = || {
            let scopes = [Scope::new(all.clone(), 1_000), Scope::new(user.clone(), 37)];
            let request = LeaseRequest::new(scopes, Duration::from_secs(60)).unwrap();
            block_on(store.acquire(&request)).unwrap().is_acquired()
        };
        (0..50).map(|_| u64::from(acquire())).sum()
    });
    assert_eq!(granted, 37);
    assert_eq!(
        block_on(store.in_use(&all)).unwrap(),
        37,
        "a refused acquire left something in the first scope"
    );
}

#[test]
fn what_is_recorded_and_settled_adds_up() {
    let store = store();
    let (key, quota) = (Key::new("bytes", "u1").unwrap(), Quota::new(1_000_000_000, Period::Day).unwrap());
    let sum = together(|thread| {
        let mut sum = 0;
        for step in 0..200 {
            let amount = (thread * 1_000 + step) as u64;
            let charge = QuotaCharge::new(key.clone(), quota, amount);
            let reservation = Reservation::new([charge], Duration::from_secs(60)).unwrap();
            assert!(block_on(store.reserve(&reservation)).unwrap().is_granted());
            let settlement = reservation.settlement(&[amount + 1]).unwrap();
            for _ in 0..2 {
                drop(block_on(store.settle(&settlement)).unwrap());
            }
            let _ = block_on(store.record(&key, &quota, 7)).unwrap();
            sum += amount + 8;
        }
        sum
    });
    let outcome = block_on(store.check(&key, &quota)).unwrap();
    assert_eq!((outcome.used, outcome.reserved), (sum, 0));
}
