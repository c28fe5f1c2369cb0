//! Blocks follow demand, and one request serves all who wait.

use limiter_core::{Backend, Charge, Key, Limit, RateLimiterExt, Retry, Source, limit};
use limiter_layers::PrefetchLayer;

use crate::store::{Fault, Store, at_hand, hits, key, looked_after, warm};

#[tokio::test(start_paused = true)]
async fn a_busy_counter_is_asked_for_seldom() {
    let store = Store::new();
    let backend = store.prefetched(PrefetchLayer::default());
    assert_eq!(hits(&backend, &limit!("fixed 1000000/min"), 100_000).await, 100_000);
    let asked = store.costs().len();
    assert!(asked < 60, "{asked} requests for 100 000 hits");
}

/// Hits on a bucket into which 1000 flow in a millisecond, 20 in that time.
async fn hits_on_an_ample_bucket(store: &Store, backend: &Backend, limit: &Limit) -> usize {
    let before = store.costs().len();
    for _ in 0..200 {
        assert_eq!(hits(backend, limit, 20).await, 20);
        store.advance_ms(1);
    }
    store.costs().len() - before
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_fills_faster_than_it_is_used_is_asked_for_seldom() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("bucket 1000000/s"));
    let asked = hits_on_an_ample_bucket(&store, &backend, &limit).await;
    assert!(asked < 40, "{asked} requests for 4000 hits");
}

#[tokio::test(start_paused = true)]
async fn of_a_bucket_that_is_half_empty_no_more_is_taken_than_is_used() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("bucket 1000000/s"));
    let key = key();
    assert!(backend.rates.hit_cost(&key, &limit, 90_000).await.unwrap().is_allowed());
    let plain = [Charge::new(&key, &limit).with_cost(600_000)];
    assert!(backend.rates.hit(&plain).await.unwrap().is_allowed());
    hits(&backend, &limit, 200).await;
    let largest = store.costs()[2..].iter().max().copied().unwrap();
    assert!(largest < 1000, "{largest} at once for 200 hits");
}

#[tokio::test(start_paused = true)]
async fn a_counter_that_is_seldom_hit_is_asked_for_each_time() {
    let store = Store::new();
    let backend = store.prefetched(PrefetchLayer::default());
    for _ in 0..20 {
        assert_eq!(hits(&backend, &limit!("fixed 1000000/min"), 1).await, 1);
        store.advance_ms(60);
    }
    assert_eq!(store.costs(), [1; 20]);
}

#[tokio::test(start_paused = true)]
async fn blocks_shrink_with_demand() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 1000000/hour"));
    hits(&backend, &limit, 20_000).await;
    let largest = store.costs().into_iter().max().unwrap();
    for _ in 0..30 {
        looked_after(&store, 1).await;
        hits(&backend, &limit, 2).await;
    }
    let last = *store.costs().last().unwrap();
    assert!(largest > 5_000 && last < 3, "{largest}, then {last}");
}

#[tokio::test(start_paused = true)]
async fn no_more_is_held_than_is_said() {
    for (layer, most) in [
        (PrefetchLayer::default().with_most(64), 64),
        (PrefetchLayer::default().with_share(100), 10_000),
        (PrefetchLayer::default(), 100_000),
    ] {
        let store = Store::new();
        let backend = store.prefetched(layer);
        hits(&backend, &limit!("fixed 1000000/hour"), 300_000).await;
        let largest = store.costs().into_iter().max().unwrap();
        assert!((most / 4..=most + 1).contains(&largest), "{largest}, at most {most} and what is wanted");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_scarce_is_left_to_others() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 1000/hour"));
    assert_eq!(hits(&backend, &limit, 990).await, 990);
    let last = *store.costs().last().unwrap();
    assert!(last <= 2, "{last} asked for when about 10 are left");
}

#[tokio::test(start_paused = true)]
async fn one_instance_alone_refuses_nobody_early() {
    for limit in [limit!("fixed 1000/hour"), limit!("1000/hour"), limit!("bucket 1000/hour")] {
        let store = Store::new();
        let backend = store.prefetched(PrefetchLayer::default().with_share(1));
        assert_eq!(hits(&backend, &limit, 2000).await, 1000, "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_given_back_before_a_dearer_hit_is_refused() {
    let store = Store::new();
    let (backend, limit) =
        (store.prefetched(PrefetchLayer::default().with_share(1)), limit!("fixed 100/hour"));
    warm(&backend, &limit).await;
    let used = 100 - store.left(&key(), &limit).await;
    let left = 100 - u64::try_from(hits(&backend, &limit, 0).await).unwrap() - used;
    assert!(at_hand(&backend, &limit));
    let dear = backend.rates.hit_cost(&key(), &limit, left + 1).await.unwrap();
    assert!(dear.is_allowed(), "{left} left in the store and some here: {:?}", store.costs());
}

#[tokio::test(start_paused = true)]
async fn a_denial_is_the_stores_own() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default().with_share(1)), limit!("fixed 50/min"));
    assert_eq!(hits(&backend, &limit, 50).await, 50);
    store.advance_ms(1234);
    let before = store.costs().len();
    let denied = backend.rates.hit_cost(&key(), &limit, 2).await.unwrap();
    assert_eq!(denied.retry_after(), Some(Retry::After(std::time::Duration::from_millis(60_000 - 1234))));
    assert_eq!((denied.source(), store.costs().len() - before), (Source::Store, 1));
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_are_served_by_one_request() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 1000/min"));
    assert_eq!(hits(&backend, &limit, 2).await, 2);
    store.next(Fault::AnsweredLate);
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let rates = backend.rates.clone();
            tokio::spawn(async move { rates.hit_one(&key(), &limit!("fixed 1000/min")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.open_gate();
    for caller in callers {
        assert!(caller.await.unwrap().unwrap().is_allowed());
    }
    assert!(store.costs().len() <= 2 + 2, "{:?}", store.costs());
}

#[tokio::test(start_paused = true)]
async fn all_who_want_as_much_are_refused_by_one_request() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100/min"));
    assert_eq!(hits(&backend, &limit, 110).await, 100);
    let before = store.costs().len();
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let rates = backend.rates.clone();
            tokio::spawn(async move { rates.hit_one(&key(), &limit!("fixed 100/min")).await })
        })
        .collect();
    for caller in callers {
        assert!(!caller.await.unwrap().unwrap().is_allowed());
    }
    let asked = store.costs().len() - before;
    assert!(asked <= 3, "{asked} requests for 64 denials");
}

#[tokio::test(start_paused = true)]
async fn so_many_counters_are_remembered_and_no_more() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 1000/min"));
    for number in 0..10_000 {
        let key = Key::new("chat", &number.to_string()).unwrap();
        assert!(backend.rates.hit_one(&key, &limit).await.unwrap().is_allowed());
    }
    hits(&backend, &limit, 100).await;
    assert!(store.costs()[10_000..].iter().all(|cost| *cost == 1), "remembered beyond the bound");
    assert!(backend.rates.hit_now(&[Charge::new(&key(), &limit)]).is_none());
}
