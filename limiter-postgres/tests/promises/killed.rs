//! A server that is killed while many hit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use limiter_core::{Charge, Limit, RateLimiter, RateLimiterExt, limit};
use limiter_postgres::{Durability, PostgresBackend};
use testservers::postgres::Postgres;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::server::{client, key, options};

const MAX: Limit = limit!("fixed 100000000/366d");
const PATIENCE: Duration = Duration::from_secs(1);

/// What a caller was told of its hits.
#[derive(Debug, Default)]
struct Told {
    charged: AtomicU64,
    perhaps: AtomicU64,
}

async fn hit_until_killed(backend: PostgresBackend, told: Arc<Told>) {
    loop {
        match backend.hit_one(&key("all"), &MAX).await {
            Ok(_) => told.charged.fetch_add(1, Ordering::Relaxed),
            Err(error) if error.may_have_charged() => told.perhaps.fetch_add(1, Ordering::Relaxed),
            Err(_) => return,
        };
    }
}

/// Kills the server under load, several times; tells how many hits were acknowledged, how many perhaps charged, and how
/// many are counted.
async fn kill_under_load(durability: Durability) -> (u64, u64, u64) {
    let server = Postgres::start().unwrap();
    let options = options(PATIENCE, 6).with_durability(durability);
    let backend = client(&server.url(), options.clone()).await;
    let told = Arc::new(Told::default());
    for _ in 0..3 {
        let mut callers = JoinSet::new();
        for _ in 0..64 {
            callers.spawn(hit_until_killed(backend.clone(), Arc::clone(&told)));
        }
        sleep(Duration::from_millis(400)).await;
        server.kill();
        callers.join_all().await;
        server.start_again().unwrap();
        answered_again(&backend).await;
    }
    let remaining = backend.peek(&[Charge::new(&key("all"), &MAX)]).await.unwrap().outcomes()[0].remaining();
    (told.charged.load(Ordering::Relaxed), told.perhaps.load(Ordering::Relaxed), MAX.max() - remaining)
}

/// Waits until calls are answered again, which they are within seconds and without a restart.
async fn answered_again(backend: &PostgresBackend) {
    let start = Instant::now();
    while backend.peek(&[Charge::new(&key("all"), &MAX)]).await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "not answered 5 s after the restart");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_by_a_strict_store_is_there() {
    let (charged, perhaps, counted) = kill_under_load(Durability::Strict).await;
    assert!(charged > 100, "{charged}");
    assert!(charged <= counted, "{charged} acknowledged, {counted} counted");
    assert!(counted <= charged + perhaps, "{charged} acknowledged, {perhaps} perhaps, {counted} counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relaxed_store_counts_nothing_twice_and_loses_no_more_than_its_last_moments() {
    let (charged, perhaps, counted) = kill_under_load(Durability::Relaxed).await;
    assert!(counted <= charged + perhaps, "{charged} acknowledged, {perhaps} perhaps, {counted} counted");
    // The server writes what waits every 200 ms, so that at most three times as long is lost, of 400 ms a kill.
    assert!(counted > 0, "{charged} acknowledged, {counted} counted");
}
