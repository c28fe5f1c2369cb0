//! What takes room and what doesn't, and what is forgotten to make some.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    CLOCK_TOLERANCE_MS, Charge, ErrorKind, Key, LeaseRequest, Limit, ManualClock, Period, Quota,
    QuotaTracker, RateLimiter, RateLimiterExt, Result, Scope, SlotLimiter, SlotLimiterExt,
};
use limiter_memory::{Config, MemoryBackend, WhenFull};

const NOW_MS: u64 = 1_700_000_040_000;
const MINUTE: Duration = Duration::from_secs(60);
const MINUTE_MS: u64 = 60_000;

fn store(config: Config) -> (MemoryBackend, ManualClock) {
    let clock = ManualClock::new(NOW_MS);
    (MemoryBackend::with_clock(config, Arc::new(clock.clone())).unwrap(), clock)
}

fn key(name: &str) -> Key {
    Key::new("room", name).unwrap()
}

fn per_minute(max: u64) -> Limit {
    Limit::fixed_window(max, MINUTE).unwrap()
}

/// A store with room for one counter, which `known` has; of its three units one is used.
async fn full_of_one(known: &Key) -> MemoryBackend {
    let (store, _) = store(Config::default().with_capacity(1));
    assert!(store.hit_one(known, &per_minute(3)).await.unwrap().is_allowed());
    store
}

/// What a call over the known key and a stranger comes to.
async fn beside_a_stranger(known_cost: u64, stranger: &Limit, cost: u64) -> Result<bool> {
    let (known, other, limit) = (key("known"), key("stranger"), per_minute(3));
    let store = full_of_one(&known).await;
    let charges =
        [Charge::new(&known, &limit).with_cost(known_cost), Charge::new(&other, stranger).with_cost(cost)];
    store.hit(&charges).await.map(|decision| decision.is_allowed())
}

#[tokio::test]
async fn what_counts_nothing_takes_no_room_in_a_full_store() {
    let (limit, counting) = (per_minute(3), per_minute(3).counting_denied().unwrap());
    assert!(beside_a_stranger(1, &limit, 0).await.unwrap(), "a cost of 0");
    assert!(beside_a_stranger(1, &Limit::UNLIMITED, 1).await.unwrap(), "unlimited");
    assert!(!beside_a_stranger(3, &limit, 1).await.unwrap(), "a charge of a call that is denied");
    assert!(!beside_a_stranger(3, &counting, 1).await.unwrap(), "one that fits beside one that is denied");
    let refused = beside_a_stranger(3, &counting, 4).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Capacity, "a denial that counts");
    let refused = beside_a_stranger(1, &limit, 1).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Capacity, "a charge");
}

#[tokio::test]
async fn two_new_keys_of_one_call_need_room_for_two() {
    let (store, _) = store(Config::default().with_capacity(2));
    let (one, other, limit) = (key("one"), key("other"), per_minute(3));
    assert!(store.hit_one(&key("known"), &limit).await.unwrap().is_allowed());
    let refused = store.hit(&[Charge::new(&one, &limit), Charge::new(&other, &limit)]).await.unwrap_err();
    assert_eq!((refused.kind(), store.rate_counters()), (ErrorKind::Capacity, 1));
    assert!(store.hit_one(&one, &limit).await.unwrap().is_allowed());
}

#[tokio::test]
async fn a_call_of_several_charges_makes_room_of_what_has_expired() {
    let (store, clock) = store(Config::default().with_capacity(2));
    for name in ["one", "other"] {
        assert!(store.hit_one(&key(name), &per_minute(1)).await.unwrap().is_allowed());
    }
    clock.advance(MINUTE * 3);
    let (third, fourth, limit) = (key("third"), key("fourth"), per_minute(1));
    assert!(
        store.hit(&[Charge::new(&third, &limit), Charge::new(&fourth, &limit)]).await.unwrap().is_allowed()
    );
}

#[tokio::test]
async fn a_counter_with_room_beside_it_outlives_every_step_back() {
    let (store, clock) = store(Config::default().with_capacity(2));
    let limit = per_minute(1);
    assert!(store.hit_one(&key("old"), &limit).await.unwrap().is_allowed());
    clock.advance(MINUTE * 5);
    assert!(store.hit_one(&key("new"), &limit).await.unwrap().is_allowed());
    clock.set_ms(NOW_MS);
    assert!(!store.hit_one(&key("old"), &limit).await.unwrap().is_allowed());
}

#[tokio::test]
async fn entries_that_have_left_a_log_make_room_while_its_others_stay() {
    let (store, clock) = store(Config::default().with_capacity(10).with_log_entries(10));
    let (old, new, limit) = (key("old"), key("new"), Limit::sliding_log(100, MINUTE).unwrap());
    for _ in 0..7 {
        assert!(store.hit_one(&old, &limit).await.unwrap().is_allowed());
        clock.advance(Duration::from_millis(1));
    }
    clock.set_ms(NOW_MS + MINUTE_MS / 2);
    assert!(store.hit_one(&old, &limit).await.unwrap().is_allowed());
    clock.set_ms(NOW_MS + MINUTE_MS + CLOCK_TOLERANCE_MS + 10);
    for entry in 0..9 {
        assert!(store.hit_one(&new, &limit).await.unwrap().is_allowed(), "entry {entry}");
        clock.advance(Duration::from_millis(1));
    }
    let refused = store.hit_one(&new, &limit).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Capacity, "ten entries are held");
}

#[tokio::test]
async fn a_log_is_kept_until_its_newest_entry_has_left() {
    let (store, clock) = store(Config::default().with_capacity(1));
    let (old, hour) = (key("old"), Limit::sliding_log(1, MINUTE * 60).unwrap());
    assert!(store.hit_one(&old, &hour).await.unwrap().is_allowed());
    clock.advance(MINUTE * 5);
    let refused = store.hit_one(&key("new"), &hour).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Capacity);
    assert!(!store.hit_one(&old, &hour).await.unwrap().is_allowed());
}

#[tokio::test]
async fn a_quota_with_room_beside_it_outlives_every_step_back() {
    let (store, clock) = store(Config::default().with_quota_entries(2));
    let hour = Quota::new(5, Period::Hour).unwrap();
    assert_eq!(store.record(&key("old"), &hour, 3).await.unwrap().used, 3);
    clock.advance(MINUTE * 180);
    assert_eq!(store.record(&key("new"), &hour, 1).await.unwrap().used, 1);
    clock.set_ms(NOW_MS);
    assert_eq!(store.check(&key("old"), &hour).await.unwrap().used, 3);
}

fn lease(name: &str, ttl: Duration) -> LeaseRequest {
    LeaseRequest::new([Scope::new(key(name), 5)], ttl).unwrap()
}

#[tokio::test]
async fn what_is_released_takes_no_room() {
    let (store, _) = store(Config::default().with_leases(2));
    for _ in 0..10 {
        let request = lease("user", MINUTE);
        assert!(store.acquire(&request).await.unwrap().is_acquired());
        assert!(store.release_one(&request.lease()).await.unwrap());
    }
}

#[tokio::test]
async fn a_lease_with_room_beside_it_outlives_every_step_back() {
    let (store, clock) = store(Config::default().with_leases(2));
    assert!(store.acquire(&lease("old", MINUTE)).await.unwrap().is_acquired());
    clock.advance(MINUTE * 5);
    assert!(store.acquire(&lease("new", MINUTE)).await.unwrap().is_acquired());
    clock.set_ms(NOW_MS);
    assert_eq!(store.in_use(&key("old")).await.unwrap(), 1);
}

#[tokio::test]
async fn it_tells_how_much_it_holds() {
    let (store, _) = store(Config::default());
    let day = Quota::new(5, Period::Day).unwrap();
    assert_eq!((store.rate_counters(), store.slot_keys(), store.quota_counters()), (0, 0, 0));
    for name in ["one", "two", "three"] {
        assert!(store.hit_one(&key(name), &per_minute(1)).await.unwrap().is_allowed());
        assert!(store.acquire(&lease(name, MINUTE)).await.unwrap().is_acquired());
        assert_eq!(store.record(&key(name), &day, 1).await.unwrap().used, 1);
    }
    assert_eq!((store.rate_counters(), store.slot_keys(), store.quota_counters()), (3, 3, 3));
}

#[test]
fn what_a_full_store_does_is_told_in_the_word_that_sets_it() {
    assert_eq!([WhenFull::Refuse, WhenFull::Share].map(|when| when.to_string()), ["refuse", "share"]);
}

#[test]
fn a_size_out_of_range_is_refused_by_its_name() {
    let most = 1 << 32;
    for (name, with) in [
        ("capacity", Config::with_capacity as fn(Config, usize) -> Config),
        ("log_entries", Config::with_log_entries),
        ("leases", Config::with_leases),
        ("quota_entries", Config::with_quota_entries),
    ] {
        for wrong in [0, most + 1] {
            let error = MemoryBackend::new(with(Config::default(), wrong)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let text = error.to_string();
            assert!(text.contains(&format!("memory {name} is {wrong}; accepted: 1 to {most}")), "{text}");
        }
        assert!(MemoryBackend::new(with(Config::default().with_capacity(1), 1)).is_ok());
    }
}
