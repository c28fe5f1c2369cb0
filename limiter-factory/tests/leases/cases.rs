//! What guards promise, on any store that several processes share.

use std::time::{Duration, Instant};

use limiter_factory::{Key, LeaseRequest, Limiters, Scope, SlotGuard};
use tokio::time::{sleep, timeout};

use crate::Server;

const LONG: Duration = Duration::from_secs(600);

fn key() -> Key {
    Key::new("streams", "u1").unwrap()
}

async fn guard(limiters: &Limiters, ttl: Duration) -> SlotGuard {
    let request = LeaseRequest::new([Scope::new(key(), 5)], ttl).unwrap();
    limiters.slots().acquire(&request).await.unwrap().into_result().unwrap()
}

async fn in_use(limiters: &Limiters) -> u64 {
    limiters.slots().in_use(&key()).await.unwrap()
}

async fn free_within(limiters: &Limiters, wait: Duration) {
    let begun = Instant::now();
    while in_use(limiters).await > 0 {
        assert!(begun.elapsed() < wait, "{} still in use after {wait:?}", in_use(limiters).await);
        sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn guards_dropped_anywhere_give_their_slots_back_within_a_second<S: Server>() {
    let server = S::start();
    let limiters = server.limiters().await;
    let (elsewhere, panicking) = (guard(&limiters, LONG).await, guard(&limiters, LONG).await);
    assert_eq!(in_use(&limiters).await, 2);
    // A thread without a runtime, and one that panics.
    std::thread::spawn(move || drop(elsewhere)).join().unwrap();
    let panicked = std::thread::spawn(move || {
        let _held = panicking;
        assert!(std::env::args().count() > 1_000, "on purpose");
    });
    assert!(panicked.join().is_err());
    free_within(&limiters, Duration::from_secs(1)).await;
}

pub(crate) async fn a_shutdown_leaves_no_slot_taken<S: Server>() {
    let server = S::start();
    let (leaving, staying) = (server.limiters().await, server.limiters().await);
    for _ in 0..5 {
        drop(guard(&leaving, LONG).await);
    }
    leaving.shutdown().await.unwrap();
    assert_eq!(in_use(&staying).await, 0);
}

pub(crate) async fn a_lease_is_renewed_past_its_time_to_live<S: Server>() {
    let server = S::start();
    let limiters = server.limiters().await;
    let held = guard(&limiters, Duration::from_secs(1)).await;
    sleep(Duration::from_millis(2500)).await;
    assert!(!held.is_lost());
    assert_eq!(in_use(&limiters).await, 1);
    assert!(held.release().await.unwrap());
    assert_eq!(in_use(&limiters).await, 0);
}

pub(crate) async fn a_holder_whose_server_stands_still_learns_it_before_the_slot_is_anybodys<S: Server>() {
    let server = S::start();
    let limiters = server.limiters().await;
    let ttl = Duration::from_secs(2);
    let begun = Instant::now();
    let held = guard(&limiters, ttl).await;
    server.freeze();
    // By the store's clock it can run out no sooner than this, and the last renewal may have moved that.
    timeout(Duration::from_secs(10), held.lost()).await.unwrap();
    assert!(begun.elapsed() <= ttl + Duration::from_secs(1), "told after {:?}", begun.elapsed());
    server.thaw();
    sleep(ttl).await;
    assert_eq!(in_use(&limiters).await, 0, "a renewal brought it back to life");
    assert!(held.is_lost());
}
