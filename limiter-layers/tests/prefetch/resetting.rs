//! What a reset does to what is held, and to what is on its way.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use limiter_core::{Backend, Key, Limit, RateLimiterExt, limit};
use limiter_layers::PrefetchLayer;
use tokio::time::sleep;

use crate::store::{Fault, Store, at_hand, hits, key, looked_after, warm};

const MAX: u64 = 100_000;

fn limit() -> Limit {
    limit!("fixed 100000/min")
}

fn poll_once(future: Pin<&mut impl Future>) -> bool {
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

/// Hits on each until much of it is held.
async fn hold_of_each(backend: &Backend, keys: &[Key]) {
    for key in keys {
        for _ in 0..100 {
            assert!(backend.rates.hit_one(key, &limit()).await.unwrap().is_allowed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_drops_what_is_held_and_gives_nothing_back() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit());
    warm(&backend, &limit).await;
    // A limit whose max was changed names the same counter.
    backend.rates.reset(&key(), &limit!("fixed 5/min")).await.unwrap();
    assert!(!at_hand(&backend, &limit));
    looked_after(&store, 5).await;
    assert_eq!((store.refunds(), store.left(&key(), &limit).await), (vec![], 100_000));
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_before_a_reset_is_not_held() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit());
    hits(&backend, &limit, 100).await;
    while at_hand(&backend, &limit) {}
    store.next(Fault::AnsweredLate);
    let rates = backend.rates.clone();
    let late = tokio::spawn(async move { rates.hit_one(&key(), &limit).await });
    sleep(Duration::from_millis(1)).await;
    backend.rates.reset(&key(), &limit).await.unwrap();
    store.open_gate();
    assert!(late.await.unwrap().unwrap().is_allowed());
    assert!(!at_hand(&backend, &limit));
    assert_eq!(store.refunds(), []);
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_go_back_is_dropped_by_a_reset() {
    let (store, limit) = (Store::new(), limit());
    let backend = store.prefetched(PrefetchLayer::default());
    let keys: Vec<_> = (0..20).map(|number| Key::new("chat", &number.to_string()).unwrap()).collect();
    hold_of_each(&backend, &keys).await;
    store.returns().hold();
    looked_after(&store, 4).await;
    let sent = store.returned();
    assert!((1..20).contains(&sent.len()), "{} sent at once", sent.len());
    let waits = keys.iter().find(|key| !sent.contains(key)).unwrap();
    backend.rates.reset(waits, &limit).await.unwrap();
    assert!(backend.rates.hit_cost(waits, &limit, 500).await.unwrap().is_allowed());
    store.returns().let_go();
    backend.control.shutdown().await.unwrap();
    assert_eq!(store.left(waits, &limit).await, MAX - 500, "what came after the reset was taken away");
    assert_eq!(store.returned().len(), 19);
}

#[tokio::test(start_paused = true)]
async fn a_reset_waits_for_what_was_sent_back() {
    let (store, limit, key) = (Store::new(), limit(), key());
    let backend = store.prefetched(PrefetchLayer::default());
    warm(&backend, &limit).await;
    store.returns().hold();
    looked_after(&store, 4).await;
    assert_eq!(store.returned().len(), 1);
    let mut reset = Box::pin(backend.rates.reset(&key, &limit));
    assert!(!poll_once(reset.as_mut()), "it would be taken away after the reset");
    store.returns().let_go();
    reset.await.unwrap();
    assert_eq!(store.left(&key, &limit).await, MAX);
}

/// A counter that is known to be hit often, and is being reset.
async fn what_a_flight_brings_while_it_is_reset(hits_before: usize) -> (Vec<u64>, bool) {
    let (store, limit, key) = (Store::new(), limit(), key());
    let backend = store.prefetched(PrefetchLayer::default());
    hits(&backend, &limit, hits_before).await;
    while at_hand(&backend, &limit) {}
    store.resets().hold();
    let mut reset = Box::pin(backend.rates.reset(&key, &limit));
    assert!(!poll_once(reset.as_mut()));
    let before = store.costs().len();
    assert_eq!(hits(&backend, &limit, 100).await, 100);
    drop(reset);
    (store.costs().split_off(before), at_hand(&backend, &limit))
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_that_came_during_a_reset_whose_future_is_dropped() {
    assert_eq!(what_a_flight_brings_while_it_is_reset(100).await, (vec![1; 100], false));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_of_a_counter_that_was_first_hit_during_its_reset() {
    assert_eq!(what_a_flight_brings_while_it_is_reset(0).await, (vec![1; 100], false));
}

#[tokio::test(start_paused = true)]
async fn after_a_reset_permits_are_held_again() {
    let (store, limit, key) = (Store::new(), limit(), key());
    let backend = store.prefetched(PrefetchLayer::default());
    for _ in 0..2 {
        warm(&backend, &limit).await;
        backend.rates.reset(&key, &limit).await.unwrap();
        assert!(!at_hand(&backend, &limit));
    }
    assert_eq!(hits(&backend, &limit, 1000).await, 1000);
    assert!(store.costs().len() < 100, "{:?}", store.costs());
}
