//! Entries of sliding logs that have left their window make room for new ones.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Key, Limit, ManualClock, RateLimiterExt};
use limiter_memory::{Config, MemoryBackend};

const MINUTE: Duration = Duration::from_secs(60);

fn store() -> (MemoryBackend, ManualClock) {
    let clock = ManualClock::new(1_700_000_000_000);
    let config = Config::default().with_capacity(1_000).with_log_entries(100);
    (MemoryBackend::with_clock(config, Arc::new(clock.clone())).unwrap(), clock)
}

#[tokio::test]
async fn a_log_whose_entries_fill_the_store_takes_new_ones_when_they_have_left_its_window() {
    let (store, clock) = store();
    let (key, limit) = (Key::all("log").unwrap(), Limit::sliding_log(1_000, MINUTE).unwrap());
    for _ in 0..100 {
        assert!(store.hit_one(&key, &limit).await.unwrap().is_allowed());
        clock.advance(Duration::from_millis(1));
    }
    assert!(store.hit_one(&key, &limit).await.is_err(), "the store is full");
    clock.advance(10 * MINUTE);
    assert!(store.hit_one(&key, &limit).await.unwrap().is_allowed());
}

#[tokio::test]
async fn logs_that_nobody_asks_for_any_more_make_room_for_others() {
    let (store, clock) = store();
    let limit = Limit::sliding_log(1_000, MINUTE).unwrap();
    for at in 0..100 {
        let key = Key::new("log", &at.to_string()).unwrap();
        assert!(store.hit_one(&key, &limit).await.unwrap().is_allowed());
    }
    let newcomer = Key::new("log", "newcomer").unwrap();
    assert!(store.hit_one(&newcomer, &limit).await.is_err(), "the store is full");
    clock.advance(10 * MINUTE);
    assert!(store.hit_one(&newcomer, &limit).await.unwrap().is_allowed());
}
