//! Which layer stands around which, and why.

use limiter_factory::{Charge, ErrorKind, Limiters, Source, limit};
use tokio::time::{Duration, Instant, advance, timeout};

use crate::store::{Mode, Store};
use crate::{S, hit, key};

const ALL: &[(&str, &str)] = &[
    ("LIMITER_TIMEOUT_MS", "50"),
    ("LIMITER_BREAKER_FAILURES", "2"),
    ("LIMITER_WHEN_UNAVAILABLE", "allow"),
    ("LIMITER_DENY_CACHE", "100"),
    ("LIMITER_PREFETCH", "10"),
    ("LIMITER_SHADOW", "all"),
    ("LIMITER_METRICS", "true"),
    ("LIMITER_TRACES", "true"),
];

/// The names in the order in which they stand in a text.
fn in_order(text: &str, names: &[&str]) -> bool {
    let found: Vec<_> = names.iter().map(|name| text.find(name)).collect();
    found.iter().all(Option::is_some) && found.is_sorted()
}

#[tokio::test]
async fn the_order_is_the_documented_one() {
    let limiters = Store::new().start(ALL).await;
    let shown = format!("{:?}", limiters.rates());
    let rates =
        ["Observe", "Shadow", "Prefetch", "DenyCache", "Rates", "CircuitBreaker", "Timeout", "TheStore"];
    assert!(in_order(&shown, &rates), "{shown}");
    let others = ["Observe", "Shadow", "s {", "CircuitBreaker", "Timeout", "TheStore"];
    for shown in [format!("{:?}", limiters.quotas()), format!("{:?}", limiters.slots().slots())] {
        assert!(in_order(&shown, &others), "{shown}");
    }
    let told = "; layers from outside: observe (LIMITER_METRICS), shadow (LIMITER_SHADOW), prefetch (LIMITER_PREFETCH), \
                deny cache (LIMITER_DENY_CACHE), when unavailable (LIMITER_WHEN_UNAVAILABLE), circuit breaker \
                (LIMITER_BREAKER_FAILURES), timeout (LIMITER_TIMEOUT_MS)";
    assert!(limiters.describe().ends_with(told), "{}", limiters.describe());
    limiters.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_breaker_sees_time_outs() {
    let store = Store::new();
    let vars = [("LIMITER_TIMEOUT_MS", "50"), ("LIMITER_BREAKER_FAILURES", "2"), ("LIMITER_UNSENT", "0")];
    let limiters = store.start(&vars).await;
    store.set(Mode::Hangs);
    for _ in 0..2 {
        assert_eq!(hit(&limiters, "1/day").await.unwrap_err().kind(), ErrorKind::Timeout);
    }
    let before = (store.calls(), Instant::now());
    assert_eq!(hit(&limiters, "1/day").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!((store.calls(), Instant::now()), before, "the third isn't asked");
}

#[tokio::test(start_paused = true)]
async fn what_the_breaker_refuses_is_let_through_where_that_was_chosen() {
    let store = Store::new();
    let vars = [("LIMITER_BREAKER_FAILURES", "1"), ("LIMITER_WHEN_UNAVAILABLE", "rates=allow")];
    let limiters = store.start(&vars).await;
    store.set(Mode::Fails);
    for _ in 0..5 {
        let decision = hit(&limiters, "1/day").await.unwrap();
        assert_eq!((decision.is_allowed(), decision.source()), (true, Source::Uncounted));
    }
    assert_eq!(store.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn denials_are_remembered_for_a_moment_where_others_give_back_what_they_prefetched() {
    let moment: &[_] = &[("LIMITER_DENY_CACHE", "100"), ("LIMITER_PREFETCH", "10")];
    for (vars, later) in [(moment, Source::Store), (&moment[..1], Source::Cache)] {
        let limiters = Store::new().start(vars).await;
        let mut sources = Vec::new();
        for wait_ms in [0, 0, 900, 101] {
            advance(Duration::from_millis(wait_ms)).await;
            sources.push(hit(&limiters, "1/day").await.unwrap().source());
        }
        assert_eq!(sources, [Source::Store, Source::Store, Source::Cache, later]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_fallback_denied_is_not_remembered() {
    let store = Store::new();
    let vars = [("LIMITER_WHEN_UNAVAILABLE", "memory"), ("LIMITER_DENY_CACHE", "100")];
    let limiters = store.start(&vars).await;
    store.set(Mode::Fails);
    assert!(hit(&limiters, "1/day").await.unwrap().is_allowed());
    let denied = hit(&limiters, "1/day").await.unwrap();
    assert_eq!((denied.is_allowed(), denied.source()), (false, Source::Fallback));
    store.set(Mode::Works);
    let allowed = hit(&limiters, "1/day").await.unwrap();
    assert_eq!((allowed.is_allowed(), allowed.source()), (true, Source::Store));
}

#[tokio::test(start_paused = true)]
async fn what_prefetch_gives_back_makes_the_cache_forget() {
    let store = Store::new();
    let limiters = store.start(&[("LIMITER_PREFETCH", "10"), ("LIMITER_DENY_CACHE", "100")]).await;
    let (key, limit) = (key(), limit!("bucket 1/day burst 1"));
    let charge = Charge::new(&key, &limit);
    let receipt = limiters.rates().hit(&[charge]).await.unwrap().into_receipt(&[charge]).unwrap();
    assert!(!limiters.rates().hit(&[charge]).await.unwrap().is_allowed());
    assert_eq!(limiters.rates().hit(&[charge]).await.unwrap().source(), Source::Cache);
    limiters.rates().refund(receipt).await.unwrap();
    assert!(limiters.rates().hit(&[charge]).await.unwrap().is_allowed());
}

#[tokio::test(start_paused = true)]
async fn shadow_lets_through_what_a_cache_denied() {
    let store = Store::new();
    let limiters = store.start(&[("LIMITER_SHADOW", "rates"), ("LIMITER_DENY_CACHE", "100")]).await;
    let mut sources = Vec::new();
    for _ in 0..4 {
        let decision = hit(&limiters, "1/day").await.unwrap();
        assert!(decision.is_allowed());
        sources.push(decision.source());
    }
    assert_eq!(sources, [Source::Store, Source::Shadow, Source::Shadow, Source::Shadow]);
    assert_eq!(store.calls(), 2, "the cache is within");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_takes_no_other_along() {
    let (store, other) = (Store::new(), Store::new());
    let vars = [("SLOT_LIMITER", "other"), ("LIMITER_BREAKER_FAILURES", "1"), ("LIMITER_UNSENT", "0")];
    let limiters = store.start_beside(&other, &vars).await;
    other.set(Mode::Fails);
    for _ in 0..3 {
        assert!(limiters.slots().in_use(&key()).await.is_err());
    }
    assert_eq!(other.calls(), 1, "its breaker is open");
    assert!(hit(&limiters, "1/day").await.unwrap().is_allowed());
}

/// Nothing but the store itself: what isn't asked for costs nothing.
#[tokio::test]
async fn memory_has_no_layer_around_it() {
    let vars = [("RATE_LIMITER", "memory")];
    let limiters: Limiters = limiter_factory::from_vars(vars).await.unwrap();
    let backend = limiters.backend();
    let parts =
        [format!("{:?}", backend.rates), format!("{:?}", backend.slots), format!("{:?}", backend.quotas)];
    for shown in parts.into_iter().chain([format!("{:?}", backend.control)]) {
        assert!(shown.starts_with("MemoryBackend"), "{shown}");
    }
    assert!(!limiters.describe().contains("layers"), "{}", limiters.describe());
}

#[tokio::test(start_paused = true)]
async fn a_backend_of_ones_own_can_not_hang_a_service() {
    let store = Store::new();
    let limiters = store.start(&[]).await;
    assert!(limiters.describe().contains("answers within 5s"), "{}", limiters.describe());
    store.set(Mode::Hangs);
    let begun = Instant::now();
    assert_eq!(hit(&limiters, "1/day").await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(begun.elapsed(), 5 * S);
    // Unless its program says that it may.
    let limiters = store.start(&[("LIMITER_TIMEOUT_MS", "0")]).await;
    assert!(timeout(3600 * S, hit(&limiters, "1/day")).await.is_err());
}
