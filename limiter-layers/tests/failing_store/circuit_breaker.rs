use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use limiter_core::{Backend, Charge, ErrorKind, LeaseRequest, RateLimiterExt, Scope};
use limiter_layers::{CircuitBreaker, CircuitBreakerLayer, Layer, LeaseKeeper, TimeoutLayer};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::operations::{ALL, LIMIT, ask, key};
use crate::store::{Fault, Store, poll_once};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);
/// After this, it is tried again, whatever the jitter.
const OPEN: Duration = Duration::from_millis(1201);
const DOWN: Fault = Fault::Fails(ErrorKind::Unavailable);

fn wrapped() -> (Arc<Store>, Backend) {
    let store = Store::new();
    let backend = CircuitBreakerLayer::default().wrap(store.backend());
    (store, backend)
}

/// A store that has just failed five times, and works again.
async fn opened() -> (Arc<Store>, Backend) {
    let (store, backend) = wrapped();
    store.next([DOWN; 5]);
    for _ in 0..5 {
        assert!(ask(&backend, "hit").await.is_err());
    }
    assert!(is_open(&store, &backend).await);
    (store, backend)
}

/// Whether a call doesn't get to the store.
async fn is_open(store: &Store, backend: &Backend) -> bool {
    let before = store.count();
    let answer = ask(backend, "peek").await;
    assert!(answer.is_err() || store.count() > before);
    store.count() == before
}

#[tokio::test(start_paused = true)]
async fn it_opens_after_failures_in_a_row_and_answers_every_call_at_once() {
    for kind in [ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Protocol] {
        let (store, backend) = wrapped();
        store.always(Fault::Fails(kind));
        for (operation, _) in &ALL[..5] {
            let error = ask(&backend, operation).await.unwrap_err();
            assert_eq!(error.to_string(), format!("{kind}: planted"), "passed on as it is");
        }
        sleep(300 * MS).await;
        let start = Instant::now();
        for (operation, _) in ALL {
            let error = ask(&backend, operation).await.expect_err(operation);
            assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false));
            assert_eq!(error.operation(), operation.split(' ').next());
            let text = error.to_string();
            assert!(text.contains("circuit is open") && text.contains("open for: 300 ms"), "{text}");
            assert!(text.contains(kind.as_str()) && text.contains("tried again in "), "{text}");
        }
        assert_eq!((store.count(), start.elapsed()), (5, Duration::ZERO), "the store isn't asked");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_between_begins_the_count_anew() {
    let (store, backend) = wrapped();
    for _ in 0..3 {
        store.next([DOWN; 4]);
        for _ in 0..4 {
            assert!(ask(&backend, "hit").await.is_err());
        }
        ask(&backend, "in_use").await.unwrap();
    }
    for works in [ErrorKind::Conflict, ErrorKind::Capacity] {
        store.next([DOWN, DOWN, DOWN, DOWN, Fault::Fails(works)]);
        for _ in 0..5 {
            assert!(ask(&backend, "hit").await.is_err());
        }
    }
    assert!(!is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn what_isnt_the_stores_failure_never_opens_it() {
    let (store, backend) = wrapped();
    for kind in [
        ErrorKind::InvalidRequest,
        ErrorKind::Conflict,
        ErrorKind::Capacity,
        ErrorKind::Unsupported,
        ErrorKind::Config,
        ErrorKind::LeaseLost,
        ErrorKind::Internal,
    ] {
        store.next([Fault::Fails(kind); 20]);
        for _ in 0..20 {
            assert_eq!(ask(&backend, "hit").await.unwrap_err().kind(), kind);
        }
    }
    // Denied ones, and dropped ones.
    for _ in 0..20 {
        ask(&backend, "hit").await.unwrap();
        store.next([Fault::Hangs]);
        assert!(poll_once(pin!(ask(&backend, "hit"))).is_pending());
    }
    assert!(!is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn what_tells_nothing_of_the_store_doesnt_begin_the_count_anew() {
    let (store, backend) = wrapped();
    store.next([DOWN, DOWN, DOWN, DOWN, Fault::Fails(ErrorKind::InvalidRequest), DOWN]);
    for _ in 0..6 {
        assert!(ask(&backend, "hit").await.is_err());
    }
    assert!(is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_calls_at_once_one_is_the_probe() {
    let (store, backend) = opened().await;
    let at_once = async |backend: &Backend| {
        let mut calls = JoinSet::new();
        for _ in 0..10_000 {
            let backend = backend.clone();
            calls.spawn(async move { ask(&backend, "hit").await });
        }
        calls.join_all().await.into_iter().flatten().count()
    };
    assert_eq!((at_once(&backend).await, store.count()), (0, 5), "while it is open");
    sleep(OPEN).await;
    store.next([Fault::Slow(5 * S, MS)]);
    let start = Instant::now();
    assert_eq!((at_once(&backend).await, store.count()), (1, 6), "half-open");
    assert_eq!(start.elapsed(), 5 * S + MS);
    assert_eq!((at_once(&backend).await, store.count()), (10_000, 10_006), "closed again");
}

#[tokio::test(start_paused = true)]
async fn others_are_told_that_the_store_is_being_tried() {
    let (store, backend) = opened().await;
    sleep(OPEN).await;
    store.next([Fault::Hangs]);
    let mut probe = pin!(ask(&backend, "hit"));
    assert!(poll_once(probe.as_mut()).is_pending());
    let error = ask(&backend, "acquire").await.unwrap_err();
    assert!(error.to_string().contains("being tried just now"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_leaves_it_open_for_as_long_again() {
    let (store, backend) = opened().await;
    for _ in 0..3 {
        sleep(OPEN).await;
        store.next([Fault::Fails(ErrorKind::Protocol)]);
        let error = ask(&backend, "hit").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        let open = ask(&backend, "hit").await.unwrap_err();
        assert!(open.to_string().contains("last failure: unexpected reply"), "{open}");
        sleep(S - 2 * MS).await;
        assert!(is_open(&store, &backend).await);
    }
    sleep(OPEN).await;
    ask(&backend, "hit").await.unwrap();
    store.next([DOWN; 4]);
    for _ in 0..4 {
        assert!(ask(&backend, "hit").await.is_err());
    }
    assert!(!is_open(&store, &backend).await, "closed: it counts from none");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_or_never_gets_there_lets_the_next_one_go() {
    let (store, backend) = opened().await;
    sleep(OPEN).await;
    for _ in 0..20 {
        store.next([Fault::Hangs]);
        assert!(timeout(20 * MS, ask(&backend, "hit")).await.is_err(), "it is a probe");
        store.next([Fault::Fails(ErrorKind::InvalidRequest)]);
        assert_eq!(ask(&backend, "hit").await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
    assert_eq!(store.count(), 45);
    ask(&backend, "hit").await.unwrap();
    assert!(!is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_end_doesnt_hold_it_open() {
    let (store, backend) = opened().await;
    sleep(OPEN).await;
    store.next([Fault::Hangs, Fault::FailsAfter(20 * S, ErrorKind::Timeout)]);
    let mut endless = pin!(ask(&backend, "hit"));
    assert!(poll_once(endless.as_mut()).is_pending());
    sleep(10 * S - MS).await;
    assert!(is_open(&store, &backend).await);
    sleep(MS).await;
    let mut late = pin!(ask(&backend, "hit"));
    assert!(poll_once(late.as_mut()).is_pending(), "the next probe");
    sleep(10 * S).await;
    ask(&backend, "hit").await.unwrap();
    assert!(late.await.is_err(), "it fails when the circuit is closed already");
    assert!(!is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn calls_from_before_a_change_change_nothing() {
    let (store, backend) = wrapped();
    let mut early = Vec::new();
    for answer in [Fault::Slow(S / 2, MS), Fault::FailsAfter(3 * S, ErrorKind::Timeout)] {
        for _ in 0..5 {
            store.next([answer]);
            let backend = backend.clone();
            let mut call = Box::pin(async move { ask(&backend, "peek").await });
            assert!(poll_once(call.as_mut()).is_pending());
            early.push(call);
        }
    }
    store.next([DOWN; 5]);
    for _ in 0..5 {
        assert!(ask(&backend, "hit").await.is_err());
    }
    let late = early.split_off(5);
    for works in early {
        works.await.unwrap();
        assert!(is_open(&store, &backend).await, "an early call says nothing of now");
    }
    sleep(S).await;
    ask(&backend, "hit").await.unwrap();
    for fails in late {
        assert!(fails.await.is_err());
    }
    assert!(!is_open(&store, &backend).await, "failures from before it closed again don't count");
}

#[tokio::test(start_paused = true)]
async fn instances_dont_probe_at_once() {
    let mut opens = Vec::new();
    for _ in 0..50 {
        opens.push(opened().await);
    }
    let start = Instant::now();
    let mut probed = Vec::new();
    while !opens.is_empty() && start.elapsed() < OPEN {
        sleep(5 * MS).await;
        let mut still = Vec::new();
        for (store, backend) in opens {
            if is_open(&store, &backend).await {
                still.push((store, backend));
            } else {
                probed.push(start.elapsed());
            }
        }
        opens = still;
    }
    assert_eq!(probed.len(), 50);
    assert!(probed[0] >= S && probed[49] - probed[0] > 100 * MS, "{probed:?}");
}

#[tokio::test(start_paused = true)]
async fn hits_that_are_answered_at_once_pass_it_too() {
    let (store, backend) = wrapped();
    store.answer_at_once();
    let (key, limit) = (key(), LIMIT);
    let charges = [Charge::new(&key, &limit)];
    assert!(backend.rates.hit_now(&charges).unwrap().unwrap().is_allowed());
    store.next([DOWN; 5]);
    for _ in 0..5 {
        assert_eq!(
            backend.rates.hit_now(&charges).unwrap().unwrap_err().to_string(),
            "store unavailable: planted"
        );
    }
    let error = backend.rates.hit_now(&charges).unwrap().unwrap_err();
    assert!(error.to_string().contains("circuit is open"), "{error}");
    assert_eq!(error.operation(), Some("hit"));
    assert_eq!(store.count(), 6);
    sleep(OPEN).await;
    assert!(backend.rates.hit_now(&charges).unwrap().unwrap().is_allowed(), "the probe");
    assert!(!is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn where_no_answer_is_at_hand_the_probe_is_left_to_the_hit() {
    let (store, backend) = opened().await;
    sleep(OPEN).await;
    let (key, limit) = (key(), LIMIT);
    assert!(backend.rates.hit_now(&[Charge::new(&key, &limit)]).is_none());
    assert!(backend.rates.hit_one(&key, &limit).await.unwrap().is_allowed());
    assert!(!is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn around_a_timeout_it_opens_on_a_store_that_hangs() {
    let store = Store::new();
    let backend = CircuitBreakerLayer::default().wrap(TimeoutLayer::new(S / 4).wrap(store.backend()));
    store.always(Fault::Hangs);
    for _ in 0..5 {
        assert_eq!(ask(&backend, "hit").await.unwrap_err().kind(), ErrorKind::Timeout);
    }
    assert!(is_open(&store, &backend).await);
    store.always(Fault::None);
    sleep(OPEN).await;
    assert!(!is_open(&store, &backend).await);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_releases_what_was_dropped_while_it_was_open() {
    let (store, backend) = wrapped();
    let keeper = LeaseKeeper::new(Arc::clone(&backend.slots));
    let request = LeaseRequest::new([Scope::new(key(), 1)], 60 * S).unwrap();
    let guard = keeper.acquire(&request).await.unwrap().into_result().unwrap();
    store.next([DOWN; 5]);
    for _ in 0..5 {
        assert!(ask(&backend, "check").await.is_err());
    }
    drop(guard);
    sleep(MS).await;
    assert_eq!(store.held(&key()).await, 1, "the store isn't asked");
    sleep(3 * S).await;
    assert_eq!(store.held(&key()).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_ping_asks_the_store_itself() {
    let (store, backend) = opened().await;
    backend.control.ping().await.unwrap();
    assert!(is_open(&store, &backend).await);
    store.always(DOWN);
    assert!(backend.control.ping().await.is_err());
    assert_eq!(backend.control.capabilities(), store.backend().control.capabilities());
}

#[tokio::test(start_paused = true)]
async fn senseless_settings_are_brought_within_bounds() {
    let store = Store::new();
    let layer = CircuitBreakerLayer::default().with_failures(0);
    for (open_for, is, isnt) in
        [(Duration::ZERO, 3 * MS, Duration::ZERO), (Duration::MAX, 4400 * S, 3599 * S)]
    {
        let breaker = layer.with_open_for(open_for);
        let backend =
            breaker.wrap(store.backend()).with_rates(Arc::new(CircuitBreaker::new(store.clone(), breaker)));
        store.next([DOWN]);
        assert!(ask(&backend, "hit").await.is_err());
        sleep(isnt).await;
        assert!(is_open(&store, &backend).await);
        sleep(is - isnt).await;
        assert!(!is_open(&store, &backend).await);
    }
}

#[test]
fn while_it_is_closed_it_needs_no_runtime() {
    let (_, backend) = wrapped();
    for (operation, _) in ALL {
        assert!(matches!(poll_once(pin!(ask(&backend, operation))), Poll::Ready(Ok(()))), "{operation}");
    }
}
