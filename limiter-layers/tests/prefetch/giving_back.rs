//! What isn't used goes back.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, ErrorKind, Limit, RateLimiterExt, Result, Source, limit};
use limiter_layers::PrefetchLayer;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::store::{START_MS, Store, at_hand, hits, key, looked_after};

async fn used(store: &Store, limit: &Limit) -> u64 {
    limit.capacity() - store.left(&key(), limit).await
}

/// Hits until some are held; how many were.
async fn hold(backend: &Backend, store: &Store, limit: &Limit) -> u64 {
    let before = used(store, limit).await;
    assert_eq!(before, 0);
    assert_eq!(hits(backend, limit, 1500).await, 1500);
    let held = used(store, limit).await - 1500;
    assert!(held > 50, "{held} held");
    held
}

#[tokio::test(start_paused = true)]
async fn what_demand_leaves_over_goes_back() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    let held = hold(&backend, &store, &limit).await;
    looked_after(&store, 1).await;
    assert_eq!(store.refunds(), [], "demand may come back at once");
    looked_after(&store, 3).await;
    assert_eq!(store.refunds(), [(held, START_MS, Source::Store)]);
    assert_eq!(used(&store, &limit).await, 1500);
    assert!(!at_hand(&backend, &limit));
}

#[tokio::test(start_paused = true)]
async fn what_a_sliding_window_weighs_goes_back_after_its_end() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("100000/min"));
    store.advance_ms(59_900);
    let held = hold(&backend, &store, &limit).await;
    looked_after(&store, 4).await;
    assert_eq!(store.refunds(), [(held, START_MS + 59_900, Source::Store)]);
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_back_to_a_window_that_has_gone() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    store.advance_ms(59_900);
    hold(&backend, &store, &limit).await;
    looked_after(&store, 4).await;
    assert_eq!(store.refunds(), []);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_everything_back() {
    for limit in [limit!("fixed 100000/min"), limit!("100000/min"), limit!("bucket 100000/hour")] {
        let store = Store::new();
        let backend = store.prefetched(PrefetchLayer::default());
        hold(&backend, &store, &limit).await;
        backend.control.shutdown().await.unwrap();
        assert_eq!(used(&store, &limit).await, 1500, "{limit}");
        assert!(!at_hand(&backend, &limit));
        let before = store.costs().len();
        assert_eq!(hits(&backend, &limit, 100).await, 100);
        assert_eq!(store.costs()[before..], [1; 100], "nothing is taken in advance any more");
        backend.control.shutdown().await.unwrap();
    }
}

/// A shutdown, begun while what demand left over is on its way back.
async fn shut_down_while_returning(store: &Arc<Store>, backend: Backend) -> JoinHandle<Result<()>> {
    store.returns().hold();
    hold(&backend, store, &limit!("fixed 100000/min")).await;
    looked_after(store, 4).await;
    assert_eq!(store.refunds().len(), 1, "on its way");
    let shutdown = tokio::spawn(async move { backend.control.shutdown().await });
    sleep(Duration::from_millis(5)).await;
    assert!(!shutdown.is_finished(), "something is on its way back");
    shutdown
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_what_is_on_its_way_back() {
    let store = Store::new();
    let backend = store.prefetched(PrefetchLayer::default());
    let shutdown = shut_down_while_returning(&store, backend).await;
    store.returns().let_go();
    shutdown.await.unwrap().unwrap();
    assert_eq!(used(&store, &limit!("fixed 100000/min")).await, 1500);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_tells_what_was_lost_on_its_way_back() {
    let store = Store::new();
    let backend = store.prefetched(PrefetchLayer::default());
    let shutdown = shut_down_while_returning(&store, backend.clone()).await;
    store.returns().fail();
    let error = shutdown.await.unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("1 blocks"), "{error}");
    backend.control.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_gives_everything_back() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("fixed 100000/min"));
    hold(&backend, &store, &limit).await;
    drop(backend);
    looked_after(&store, 1).await;
    assert_eq!(used(&store, &limit).await, 1500);
}

#[tokio::test(start_paused = true)]
async fn what_a_cheaper_hit_leaves_goes_back_when_another_block_comes() {
    let store = Store::new();
    let (backend, limit) = (store.prefetched(PrefetchLayer::default()), limit!("bucket 100000/hour"));
    let (key, mut allowed) = (key(), 0);
    for cost in (1..2000).map(|number| number % 7 + 1) {
        assert!(backend.rates.hit_cost(&key, &limit, cost).await.unwrap().is_allowed());
        allowed += cost;
    }
    let replaced = store.refunds();
    backend.control.shutdown().await.unwrap();
    let used = used(&store, &limit).await;
    assert!(!replaced.is_empty() && used == allowed, "{used} counted, {allowed} used, {replaced:?}");
}
