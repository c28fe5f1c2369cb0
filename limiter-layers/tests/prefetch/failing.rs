//! Callers that go away, and stores that fail.

use std::time::Duration;

use limiter_core::{ErrorKind, RateLimiterExt, Source, limit};
use limiter_layers::PrefetchLayer;
use tokio::time::{sleep, timeout};

use crate::store::{Fault, Store, at_hand, hits, key, looked_after};

const SOON: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_its_permits_to_others() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hits(&backend, &limit, 30).await;
    while at_hand(&backend, &limit) {}
    store.next(Fault::AnsweredLate);
    let (key, charged) = (key(), 100_000 - store.left(&key(), &limit).await);
    let gone = timeout(Duration::from_millis(5), backend.rates.hit_one(&key, &limit)).await;
    assert!(gone.is_err());
    let taken = 100_000 - store.left(&key, &limit).await - charged;
    store.open_gate();
    sleep(Duration::from_millis(5)).await;
    for number in 0..taken {
        assert!(at_hand(&backend, &limit), "{number} of {taken}");
    }
    assert!(!at_hand(&backend, &limit));
    assert_eq!(timeout(SOON, hits(&backend, &limit, 10)).await, Ok(10), "and nobody is stuck");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_who_has_gone() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hits(&backend, &limit, 2).await;
    store.next(Fault::AnsweredLate);
    let first = {
        let rates = backend.rates.clone();
        tokio::spawn(async move { rates.hit_one(&key(), &limit!("fixed 100000/min")).await })
    };
    sleep(Duration::from_millis(1)).await;
    let key = key();
    let gone = timeout(Duration::from_millis(1), backend.rates.hit_cost(&key, &limit, 700)).await;
    assert!(gone.is_err());
    store.open_gate();
    assert!(first.await.unwrap().unwrap().is_allowed());
    sleep(Duration::from_millis(1)).await;
    assert!(store.costs().iter().all(|cost| *cost < 700), "{:?}", store.costs());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_to_all_who_wait_and_to_none_who_come_later() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hits(&backend, &limit, 2).await;
    for (fault, kind, charged) in [
        (Fault::Fails(ErrorKind::Unavailable), ErrorKind::Unavailable, false),
        (Fault::AnswerLost, ErrorKind::Timeout, true),
    ] {
        while at_hand(&backend, &limit) {}
        store.next(fault);
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let rates = backend.rates.clone();
                tokio::spawn(async move { rates.hit_one(&key(), &limit!("fixed 100000/min")).await })
            })
            .collect();
        for caller in callers {
            let error = caller.await.unwrap().unwrap_err();
            assert_eq!(
                (error.kind(), error.may_have_charged(), error.message()),
                (kind, charged, "on purpose")
            );
        }
        assert_eq!(timeout(SOON, hits(&backend, &limit, 1)).await, Ok(1));
        store.advance_ms(1);
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_it_fails_learns_that_nothing_was_charged_for_it() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hits(&backend, &limit, 2).await;
    while at_hand(&backend, &limit) {}
    store.next(Fault::AnswerLostLate);
    let mut callers = Vec::new();
    for _ in 0..4 {
        let rates = backend.rates.clone();
        callers.push(tokio::spawn(async move { rates.hit_one(&key(), &limit!("fixed 100000/min")).await }));
        sleep(Duration::from_millis(1)).await;
    }
    store.open_gate();
    let mut charged = Vec::new();
    for caller in callers {
        let error = timeout(SOON, caller).await.unwrap().unwrap().unwrap_err();
        charged.push((error.kind(), error.may_have_charged()));
    }
    let told = |charged| (ErrorKind::Timeout, charged);
    assert_eq!(charged, [told(true), told(false), told(false), told(false)]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_leaves_nobody_waiting() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hits(&backend, &limit, 2).await;
    store.next(Fault::Panics);
    let key = key();
    let error = timeout(SOON, backend.rates.hit_one(&key, &limit)).await.unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::Unavailable && error.may_have_charged(), "{error}");
    assert_eq!(timeout(SOON, hits(&backend, &limit, 100)).await, Ok(100));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_counted_is_never_held() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hits(&backend, &limit, 100).await;
    while at_hand(&backend, &limit) {}
    for source in [Source::Uncounted, Source::Fallback, Source::Overflow] {
        store.next(Fault::Answered(source));
        let decision = backend.rates.hit_one(&key(), &limit).await.unwrap();
        assert_eq!((decision.is_allowed(), decision.source()), (true, source));
        assert!(!at_hand(&backend, &limit), "{source:?}");
    }
    // What the others have counted in advance goes back to them.
    let sources: Vec<_> = store.refunds().iter().map(|(.., source)| *source).collect();
    assert_eq!(sources, [Source::Fallback, Source::Overflow]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_who_is_under_way() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hits(&backend, &limit, 40).await;
    while at_hand(&backend, &limit) {}
    let used = 100_000 - store.left(&key(), &limit).await;
    store.next(Fault::AnsweredLate);
    let rates = backend.rates.clone();
    let late = tokio::spawn(async move { rates.hit_one(&key(), &limit!("fixed 100000/min")).await });
    sleep(Duration::from_millis(1)).await;
    let control = backend.control.clone();
    let shutdown = tokio::spawn(async move { control.shutdown().await });
    sleep(Duration::from_millis(1)).await;
    assert!(!shutdown.is_finished());
    store.open_gate();
    assert!(late.await.unwrap().unwrap().is_allowed());
    shutdown.await.unwrap().unwrap();
    assert_eq!(100_000 - store.left(&key(), &limit).await, used + 1);
}

#[test]
fn without_a_runtime_every_call_is_passed_on() {
    let store = Store::new();
    let backend = store.prefetched(PrefetchLayer::default());
    assert!(backend.control.describe().contains("prefetches nothing"));
    assert!(!backend.control.capabilities().early_refusals);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(hits(&backend, &limit!("fixed 100000/min"), 50).await, 50);
        looked_after(&store, 1).await;
    });
    assert_eq!(store.costs(), [1; 50]);
}
