//! A warm hit allocates nothing, whatever layer is around.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![expect(
    unsafe_code,
    reason = "a global allocator can't be written without it; it only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use limiter_core::{Backend, Charge, Decision, Key, RateLimiterExt, Source, limit};
use limiter_layers::{
    CircuitBreakerLayer, DenyCacheLayer, Layer, ObserveLayer, PrefetchLayer, ShadowLayer, TimeoutLayer,
    WhenUnavailableLayer,
};
use limiter_memory::{Config, MemoryBackend};
use metrics::{Counter, Gauge, Histogram, HistogramFn, KeyName, Metadata, Recorder, SharedString, Unit};

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

/// A recorder that allocates nothing once its meters are there.
#[derive(Debug, Default)]
struct Plain {
    counted: Arc<AtomicU64>,
    timed: Arc<Timed>,
}

#[derive(Debug, Default)]
struct Timed(AtomicU64);

impl HistogramFn for Timed {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Recorder for Plain {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &metrics::Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(&self.counted))
    }

    fn register_gauge(&self, _: &metrics::Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &metrics::Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::clone(&self.timed))
    }
}

fn memory() -> Backend {
    Backend::new("memory", Arc::new(MemoryBackend::new(Config::default()).unwrap()))
}

/// The answers of eight hits on three charges of three units each, all but the first and `first_denied` without an
/// allocation.
fn hits(backend: &Backend, space: &str, first_denied: usize) -> Vec<Decision> {
    let keys = ["u1", "u2", "u3"].map(|user| Key::new(space, user).unwrap());
    let limits = [limit!("3/hour"), limit!("fixed 3/hour"), limit!("bucket 3/hour")];
    let charges = [0, 1, 2].map(|place| Charge::new(&keys[place], &limits[place]));
    let hit = |nth| {
        let (allocations, decision) = allocations_of(|| backend.rates.hit_now(&charges).unwrap().unwrap());
        assert!(allocations == 0 || nth == 1 || nth == first_denied, "{allocations} in hit {nth}");
        decision
    };
    (1..=8).map(hit).collect()
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations_of(|| drop(Box::new(1))).0, 1);
}

#[test]
fn a_hit_that_is_guarded() {
    let timed = TimeoutLayer::new(Duration::from_secs(1)).wrap(memory());
    let guarded = CircuitBreakerLayer::default().wrap(timed);
    let backend = WhenUnavailableLayer::default().wrap(guarded);
    let allowed = hits(&backend, "chat", 4).iter().filter(|decision| decision.is_allowed()).count();
    assert_eq!(allowed, 3);
}

#[tokio::test]
async fn a_hit_that_was_prefetched() {
    let backend = PrefetchLayer::default().wrap(memory());
    let (key, limit) = (Key::new("chat", "u1").unwrap(), limit!("fixed 1000000/366d"));
    let charges = [Charge::new(&key, &limit)];
    let mut prefetched = 0;
    for _ in 0..10_000 {
        let (allocations, held) = allocations_of(|| backend.rates.hit_now(&charges));
        let Some(answer) = held else {
            // Nothing is held: the store is asked, which is another matter.
            assert!(backend.rates.hit_one(&key, &limit).await.unwrap().is_allowed());
            continue;
        };
        assert_eq!((allocations, answer.unwrap().source()), (0, Source::Prefetched));
        prefetched += 1;
    }
    assert!(prefetched > 9_000, "{prefetched}");
}

#[test]
fn a_hit_that_is_observed() {
    let counting = Plain::default();
    metrics::with_local_recorder(&counting, || {
        let backend = ObserveLayer::default().with_metrics().with_traces().wrap(memory());
        let allowed = hits(&backend, "chat", 4).iter().filter(|decision| decision.is_allowed()).count();
        assert_eq!(allowed, 3);
        hits(&backend, "login", 4);
    });
    assert!(counting.counted.load(Ordering::Relaxed) >= 16, "{counting:?}");
    assert!(counting.timed.0.load(Ordering::Relaxed) >= 16, "{counting:?}");
}

#[test]
fn a_hit_that_fits_in_shadow_mode() {
    let backend = ShadowLayer::default().with_rates().wrap(memory());
    let (key, limit) = (Key::new("chat", "u1").unwrap(), limit!("1000/hour"));
    let charges = [Charge::new(&key, &limit)];
    let hit = || backend.rates.hit_now(&charges).unwrap().unwrap();
    assert!(hit().is_allowed(), "makes the counter");
    for _ in 0..10 {
        let (allocations, decision) = allocations_of(hit);
        assert_eq!((allocations, decision.source()), (0, Source::Store));
    }
}

#[test]
fn a_hit_whose_denial_is_cached() {
    let backend = DenyCacheLayer::new(1_000).wrap(memory());
    let sources: Vec<_> = hits(&backend, "chat", 4).iter().map(Decision::source).collect();
    assert_eq!(sources, [[Source::Store; 4], [Source::Cache; 4]].concat());
}
