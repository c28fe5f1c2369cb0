//! A warm hit allocates nothing, whatever its answer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops when anything is off")]
#![allow(
    unsafe_code,
    reason = "a global allocator can't be written without it; it only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use limiter_core::{Charge, Decision, Key, Limit, RateLimiter, RateLimiterExt};
use limiter_memory::{Config, MemoryBackend, WhenFull};

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn allocations_of<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATIONS.get();
    let answer = run();
    (ALLOCATIONS.get() - before, answer)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("memory answers at once"),
    }
}

fn rates() -> Arc<dyn RateLimiter> {
    Arc::new(MemoryBackend::new(Config::default().with_capacity(10_000)).unwrap())
}

const HOUR: Duration = Duration::from_secs(3600);

fn limits(max: u64) -> [Limit; 4] {
    [
        Limit::fixed_window(max, HOUR).unwrap(),
        Limit::sliding_window(max, HOUR).unwrap(),
        Limit::token_bucket(max, HOUR).unwrap(),
        Limit::sliding_window(max, HOUR).unwrap().counting_denied().unwrap(),
    ]
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations_of(|| drop(Box::new(1))).0, 1);
}

#[test]
fn hit_one_with_a_key_built_from_text_allocates_nothing() {
    let rates = rates();
    let user = String::from("user-0123456789-abcdef");
    for limit in limits(3) {
        let hit = |space: &str| now(rates.hit_one(&Key::new(space, &user).unwrap(), &limit)).unwrap();
        let space = format!("hit.{:?}.{}", limit.algorithm(), limit.counts_denied());
        assert!(hit(&space).is_allowed(), "makes the counter");
        for nth in 2..10 {
            let (allocations, decision) = allocations_of(|| hit(&space));
            assert_eq!(decision.is_allowed(), nth <= 3, "hit {nth} of {limit:?}");
            assert_eq!(allocations, 0, "hit {nth} of {limit:?}");
        }
    }
}

#[test]
fn a_hit_of_three_charges_allocates_nothing() {
    let rates = rates();
    let [fixed, sliding, bucket, _] = limits(3);
    let hit = || -> Decision {
        let (user, address) =
            (Key::new("chat.user", "u1").unwrap(), Key::new("chat.address", "::1").unwrap());
        let charges =
            [Charge::new(&user, &fixed), Charge::new(&user, &sliding), Charge::new(&address, &bucket)];
        now(rates.hit_all(&charges)).unwrap()
    };
    assert!(hit().is_allowed(), "makes the counters");
    for nth in 2..10 {
        let (allocations, decision) = allocations_of(hit);
        assert_eq!(decision.is_allowed(), nth <= 3, "hit {nth}");
        assert_eq!(decision.outcomes().len(), 3);
        assert_eq!(allocations, 0, "hit {nth}");
    }
}

#[test]
fn a_key_that_is_too_long_to_stand_inline_costs_one() {
    let subject = "x".repeat(Key::INLINE_BYTES);
    let (allocations, key) = allocations_of(|| Key::new("long", &subject).unwrap());
    assert_eq!((allocations, key.subject()), (1, subject.as_str()));
}

// Besides the tables there is what the fingerprints are drawn from.
#[test]
fn a_store_takes_as_many_bytes_as_its_configuration_tells() {
    for when_full in [WhenFull::Refuse, WhenFull::Share] {
        for capacity in [1_000, 100_000, 1_000_000] {
            let config = Config::default().with_capacity(capacity).with_when_full(when_full);
            let before = BYTES.get();
            let store = MemoryBackend::new(config).unwrap();
            let (taken, told) = (BYTES.get() - before, config.rate_bytes());
            drop(store);
            let more = taken.abs_diff(told);
            assert!(more < told / 1_000 + 24_000, "{capacity} {when_full}: {taken} bytes, told {told}");
        }
    }
}
