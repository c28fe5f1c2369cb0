//! How long permits last, and what a limit or a late answer does to them.

use std::time::Duration;

use limiter_core::{Charge, RateLimiterExt, Source, limit};
use limiter_layers::PrefetchLayer;

use crate::store::{Fault, START_MS, Store, at_hand, hits, key, warm};

#[tokio::test(start_paused = true)]
async fn permits_of_a_window_die_with_it() {
    for limit in [limit!("fixed 100000/min"), limit!("100000/min")] {
        let store = Store::new();
        let backend = store.prefetched(PrefetchLayer::default());
        hits(&backend, &limit, 1000).await;
        warm(&backend, &limit).await;
        store.advance_ms(59_000);
        assert!(at_hand(&backend, &limit), "{limit}: the window lasts");
        store.advance_ms(1000);
        assert!(!at_hand(&backend, &limit), "{limit}: the window has ended");
    }
}

#[tokio::test(start_paused = true)]
async fn they_are_aged_a_little_faster_than_the_clock_goes() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    warm(&backend, &limit).await;
    store.advance_ms(59_939);
    assert!(at_hand(&backend, &limit));
    store.advance_ms(1);
    assert!(!at_hand(&backend, &limit), "two clocks may differ by a thousandth");
}

#[tokio::test(start_paused = true)]
async fn permits_of_a_bucket_are_worth_what_has_not_flowed_in() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("bucket 10/s burst 10000"));
    hits(&backend, &limit, 3000).await;
    while at_hand(&backend, &limit) {}
    let block = {
        assert!(backend.rates.hit_one(&key(), &limit).await.unwrap().is_allowed());
        *store.costs().last().unwrap()
    };
    assert!(block > 100, "a block of {block}");
    store.advance_ms(5000);
    // 5 s and a thousandth: 51 of the block have flowed in, the last in part; one was used.
    let costly = |cost| backend.rates.hit_now(&[Charge::new(&key(), &limit).with_cost(cost)]).is_some();
    let usable = (1..=block).rev().find(|cost| costly(*cost));
    assert_eq!(usable, Some(block - 51));
    store.advance_ms(1);
    assert!(!costly(1), "all that is usable was used");
}

#[tokio::test(start_paused = true)]
async fn time_is_counted_from_before_the_request_was_sent() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    store.advance_ms(40_000);
    hits(&backend, &limit, 100).await;
    while at_hand(&backend, &limit) {}
    store.next(Fault::AnsweredLate);
    hits_while(&backend, &store, 19_000).await;
    assert!(at_hand(&backend, &limit), "a second is left");
    store.advance_ms(1000);
    assert!(!at_hand(&backend, &limit), "it took 19 s to be answered, and the window has ended");
}

/// Hits while the answer takes so long.
async fn hits_while(backend: &limiter_core::Backend, store: &Store, takes_ms: u64) {
    let rates = backend.rates.clone();
    let hit = |rates: std::sync::Arc<dyn limiter_core::RateLimiter>| {
        tokio::spawn(async move { rates.hit_one(&key(), &limit!("fixed 100000/min")).await })
    };
    let first = hit(rates);
    tokio::time::sleep(Duration::from_millis(1)).await;
    store.advance_ms(takes_ms);
    store.open_gate();
    assert!(first.await.unwrap().unwrap().is_allowed());
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_the_window_serves_those_who_waited_and_nobody_else() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    store.advance_ms(50_000);
    hits(&backend, &limit, 100).await;
    while at_hand(&backend, &limit) {}
    store.next(Fault::AnsweredLate);
    hits_while(&backend, &store, 20_000).await;
    assert!(!at_hand(&backend, &limit));
}

#[tokio::test(start_paused = true)]
async fn a_changed_limit_gets_none_of_what_is_held() {
    let store = Store::new();
    let backend = store.prefetched(PrefetchLayer::default());
    let limit = limit!("fixed 100000/min");
    warm(&backend, &limit).await;
    for other in [limit!("fixed 99999/min"), limit!("fixed 100000/hour"), limit!("100000/min")] {
        assert!(!at_hand(&backend, &other), "{other}");
    }
    let bucket = limit!("bucket 10000/min");
    warm(&backend, &bucket).await;
    assert!(!at_hand(&backend, &limit!("bucket 10000/min burst 9999")));
    assert!(at_hand(&backend, &bucket) && at_hand(&backend, &limit));
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_out_can_be_given_back_once() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    warm(&backend, &limit).await;
    let left = store.left(&key(), &limit).await;
    let (key, charged_at_ms) = (key(), START_MS);
    let charges = [Charge::new(&key, &limit)];
    let decision = backend.rates.hit_now(&charges).unwrap().unwrap();
    assert_eq!((decision.source(), decision.is_allowed()), (Source::Prefetched, true));
    let receipt = decision.into_receipt(&charges).unwrap();
    backend.rates.refund(receipt).await.unwrap();
    assert_eq!(store.refunds(), [(1, charged_at_ms, Source::Store)]);
    assert_eq!(store.left(&key, &limit).await, left + 1);
}
