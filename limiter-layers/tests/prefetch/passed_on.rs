//! What isn't taken in advance.

use limiter_core::{Charge, Limit, RateLimiterExt, Source, limit};
use limiter_layers::PrefetchLayer;

use crate::store::{Store, at_hand, hits, key, warm};

#[tokio::test(start_paused = true)]
async fn what_cannot_be_held_is_asked_for_each_time() {
    let limits = [
        limit!("log 1000/min"),
        limit!("fixed 1000/min").counting_denied().unwrap(),
        limit!("fixed 19/min"),
        Limit::UNLIMITED,
    ];
    for limit in limits {
        let store = Store::new();
        let backend = store.prefetched(PrefetchLayer::default());
        assert_eq!(hits(&backend, &limit, 19).await, 19, "{limit}");
        assert_eq!(store.costs(), [1; 19], "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_of_several_charges_or_of_none_goes_to_the_store() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    warm(&backend, &limit).await;
    let (key, other) = (key(), limit!("fixed 100000/hour"));
    let before = store.costs().len();
    for _ in 0..5 {
        let both = [Charge::new(&key, &limit), Charge::new(&key, &other)];
        assert!(backend.rates.hit_now(&both).is_none());
        assert_eq!(backend.rates.hit(&both).await.unwrap().source(), Source::Store);
        assert_eq!(backend.rates.hit_cost(&key, &limit, 0).await.unwrap().source(), Source::Store);
    }
    assert_eq!(store.costs().len(), before + 10);
    assert!(at_hand(&backend, &limit));
}

#[tokio::test(start_paused = true)]
async fn a_peek_counts_what_is_held_as_used() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    warm(&backend, &limit).await;
    let peeked = backend.rates.peek(&[Charge::new(&key(), &limit)]).await.unwrap();
    assert_eq!(peeked.outcomes()[0].remaining(), store.left(&key(), &limit).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_told_with_what_is_held() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    for number in 1..500 {
        let decision = backend.rates.hit_one(&key(), &limit).await.unwrap();
        let outcome = decision.outcomes()[0];
        assert_eq!((outcome.remaining(), outcome.reset_after().as_secs()), (100_000 - number, 60));
    }
}

#[tokio::test(start_paused = true)]
async fn it_says_what_it_does() {
    let store = Store::new();
    let backend = store.prefetched(PrefetchLayer::default().with_most(500));
    let words = backend.control.describe();
    assert!(words.contains("prefetches up to 500 permits of a limit, and one part in 10 of it"), "{words}");
    let can = backend.control.capabilities();
    assert!(can.early_refusals && !can.immediate);
}
