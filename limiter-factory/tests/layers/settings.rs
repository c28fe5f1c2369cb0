//! What each setting of a layer does.

use std::time::Duration;

use limiter_factory::{
    Charge, Factory, LeaseRequest, Quota, QuotaTrackerExt, Scope, Slot, Source, from_vars, limit,
};
use tokio::time::{Instant, sleep};

use crate::store::{Mode, Store};
use crate::{S, hit, key};

const MEMORY: (&str, &str) = ("RATE_LIMITER", "memory");

#[tokio::test(start_paused = true)]
async fn the_breaker_stays_open_as_long_as_it_is_told() {
    let store = Store::new();
    let vars = [("LIMITER_BREAKER_FAILURES", "1"), ("LIMITER_BREAKER_OPEN_MS", "60000")];
    let limiters = store.start(&vars).await;
    store.set(Mode::Fails);
    assert!(hit(&limiters, "1/day").await.is_err());
    store.set(Mode::Works);
    sleep(59 * S).await;
    assert!(hit(&limiters, "1/day").await.is_err());
    sleep(14 * S).await;
    assert!(hit(&limiters, "1/day").await.unwrap().is_allowed());
}

#[tokio::test(start_paused = true)]
async fn each_part_does_without_its_store_as_it_was_told() {
    let store = Store::new();
    let vars = [("LIMITER_WHEN_UNAVAILABLE", "slots=allow,quotas=memory")];
    let limiters = store.start(&vars).await;
    store.set(Mode::Fails);
    assert!(hit(&limiters, "1/day").await.is_err(), "what isn't named is refused");
    let request = LeaseRequest::new([Scope::new(key(), 1)], 60 * S).unwrap();
    for _ in 0..2 {
        let Slot::Acquired(guard) = limiters.slots().acquire(&request).await.unwrap() else {
            panic!("it is let through")
        };
        assert_eq!(guard.source(), Source::Uncounted);
    }
    let day: Quota = "10/day".parse().unwrap();
    let outcome = limiters.quotas().record(&key(), &day, 4).await.unwrap();
    assert_eq!((outcome.used, outcome.source), (4, Source::Fallback));
}

#[tokio::test(start_paused = true)]
async fn the_fallback_has_the_settings_of_memory() {
    let store = Store::new();
    let vars = [("LIMITER_WHEN_UNAVAILABLE", "slots=memory"), ("LIMITER_MEMORY_LEASES", "1")];
    let limiters = store.start(&vars).await;
    assert!(!limiters.describe().contains("for another backend"), "{}", limiters.describe());
    store.set(Mode::Fails);
    let request = LeaseRequest::new([Scope::new(key(), 5)], 60 * S).unwrap();
    let _held = limiters.slots().acquire(&request).await.unwrap();
    let error = limiters.slots().acquire(&request).await.unwrap_err();
    assert_eq!(error.kind(), limiter_factory::ErrorKind::Capacity);
}

#[tokio::test(start_paused = true)]
async fn settles_wait_for_the_store_unless_there_is_no_place() {
    let day: Quota = "10/day".parse().unwrap();
    for (unsent, waits) in [(None, true), (Some("5"), true), (Some("0"), false)] {
        let store = Store::new();
        let vars: Vec<_> = unsent.map(|unsent| ("LIMITER_UNSENT", unsent)).into_iter().collect();
        let limiters = store.start(&vars).await;
        let (reservation, _) = limiters.quotas().reserve_one(&key(), &day, 4, 60 * S).await.unwrap();
        store.set(Mode::Fails);
        assert_eq!(limiters.quotas().settle_one(&reservation, 3).await.is_ok(), waits, "{unsent:?}");
        store.set(Mode::Works);
        sleep(10 * S).await;
        let used = limiters.quotas().used(&key(), &day).await.unwrap();
        assert_eq!(used, if waits { 3 } else { 0 }, "{unsent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cache_and_a_prefetch_are_there_when_they_are_asked_for() {
    let store = Store::new();
    let limiters = store.start(&[("LIMITER_DENY_CACHE", "10")]).await;
    assert!(hit(&limiters, "1/day").await.unwrap().is_allowed());
    assert_eq!(hit(&limiters, "1/day").await.unwrap().source(), Source::Store);
    assert_eq!(hit(&limiters, "1/day").await.unwrap().source(), Source::Cache);
    let limiters = Store::new().start(&[("LIMITER_PREFETCH", "100")]).await;
    assert!(limiters.backend().control.capabilities().early_refusals);
    let mut prefetched = 0;
    for _ in 0..200 {
        let decision = hit(&limiters, "bucket 1000/s burst 10000").await.unwrap();
        prefetched += u32::from(decision.source() == Source::Prefetched);
    }
    assert!(prefetched > 0);
}

#[tokio::test(start_paused = true)]
async fn as_many_wait_as_may() {
    let (key, limit) = (key(), limit!("bucket 1/s burst 1"));
    let charges = [Charge::new(&key, &limit)];
    for (most, waits) in [(None, true), (Some("1"), true), (Some("0"), false)] {
        let most = most.map(|most| ("LIMITER_MAX_WAITERS", most));
        let limiters = from_vars([MEMORY].into_iter().chain(most)).await.unwrap();
        assert!(hit(&limiters, "bucket 1/s burst 1").await.unwrap().is_allowed());
        let deadline = Instant::now() + Duration::from_millis(1);
        let at_once = limiters.waiters().hit_until(&**limiters.rates(), &charges, deadline).await.unwrap();
        assert!(!at_once.is_allowed(), "it can't be in time");
        assert_eq!(limiters.waiters().waiting(), 0);
        assert_eq!(format!("{:?}", limiters.waiters()).contains("most: 0"), !waits);
    }
}

/// A default that is a value changes nothing when it is set.
#[tokio::test]
async fn the_defaults_that_are_told_are_those_that_hold() {
    let mut checked = 0;
    for variable in Factory::new().variables() {
        let (name, default) = (variable.name(), variable.default());
        let about_memory = matches!(variable.backend(), None | Some("memory"));
        if !about_memory || !name.starts_with("LIMITER_") || default.contains(' ') {
            continue;
        }
        let beside = match name {
            "LIMITER_BREAKER_OPEN_MS" => ("LIMITER_BREAKER_FAILURES", "3"),
            "LIMITER_TRACE_SUBJECTS" => ("LIMITER_TRACES", "true"),
            "LIMITER_UNSENT" => ("LIMITER_WHEN_UNAVAILABLE", "allow"),
            _ => ("PATH", "/bin"),
        };
        let without = from_vars([MEMORY, beside]).await.unwrap();
        let with = from_vars([MEMORY, beside, (name, default)]).await.unwrap();
        assert_eq!(with.describe(), without.describe(), "{name}={default}");
        let shown = |limiters: &limiter_factory::Limiters| format!("{:?}", limiters.waiters());
        assert_eq!(shown(&with), shown(&without), "{name}={default}");
        checked += 1;
    }
    assert!(checked >= 15, "{checked}");
}
