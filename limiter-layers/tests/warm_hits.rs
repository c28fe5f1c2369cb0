//! A warm hit allocates nothing, with a time and a circuit breaker around it.
#![expect(
    unsafe_code,
    reason = "a global allocator can't be written without it; it only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, Charge, Key, limit};
use limiter_layers::{CircuitBreakerLayer, Layer, TimeoutLayer};
use limiter_memory::{Config, MemoryBackend};

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
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

#[test]
fn the_counter_counts() {
    assert_eq!(allocations_of(|| drop(Box::new(1))).0, 1);
}

#[test]
fn a_warm_hit_allocates_nothing() {
    let memory = Backend::new("memory", Arc::new(MemoryBackend::new(Config::default()).unwrap()));
    let timed = TimeoutLayer::new(Duration::from_secs(1)).wrap(memory);
    let backend = CircuitBreakerLayer::default().wrap(timed);
    let (key, limit) = (Key::new("chat", "u1").unwrap(), limit!("3/hour"));
    let hit = || backend.rates.hit_now(&[Charge::new(&key, &limit)]).unwrap().unwrap();
    assert!(hit().is_allowed(), "makes the counter");
    for nth in 2..10 {
        let (allocations, decision) = allocations_of(hit);
        assert_eq!((allocations, decision.is_allowed()), (0, nth <= 3), "hit {nth}");
    }
}
