//! A full store never forgets a live counter, and what has expired makes room by itself.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Charge, ErrorKind, Key, LeaseRequest, Limit, ManualClock, Period, Quota, QuotaTracker, RateLimiter,
    RateLimiterExt, Scope, SlotLimiter, Source,
};
use limiter_memory::{Config, MemoryBackend, WhenFull};

const CAPACITY: usize = 5_000;
const MINUTE: Duration = Duration::from_secs(60);

fn store(when_full: WhenFull) -> (MemoryBackend, ManualClock) {
    let clock = ManualClock::new(1_700_000_000_000);
    let config = Config::default().with_capacity(CAPACITY).with_when_full(when_full);
    (MemoryBackend::with_clock(config, Arc::new(clock.clone())).unwrap(), clock)
}

fn flooder(number: usize) -> Key {
    Key::new("flood", &format!("203.0.113.{number}")).unwrap()
}

fn per_minute(max: u64) -> Limit {
    Limit::sliding_window(max, MINUTE).unwrap()
}

/// Hits a key; `None` when there was no room for it.
async fn hit(store: &MemoryBackend, key: &Key, limit: &Limit) -> Option<bool> {
    match store.hit_one(key, limit).await {
        Ok(decision) => Some(decision.is_allowed()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Capacity, "{error}");
            None
        }
    }
}

/// Fills the store with exhausted keys, ten times as many as fit.
async fn flood(store: &MemoryBackend) -> usize {
    let mut counted = 0;
    for number in 0..10 * CAPACITY {
        counted += usize::from(hit(store, &flooder(number), &per_minute(1)).await == Some(true));
    }
    counted
}

#[tokio::test]
async fn a_caller_one_hit_under_its_limit_gets_in_once_more_however_many_new_keys_come_between() {
    for when_full in [WhenFull::Refuse, WhenFull::Share] {
        let (store, _clock) = store(when_full);
        let (victim, limit) = (Key::new("chat", "victim").unwrap(), per_minute(5));
        for _ in 0..4 {
            assert_eq!(hit(&store, &victim, &limit).await, Some(true));
        }
        flood(&store).await;
        let mut admitted = 4;
        for number in 0..10_000 {
            admitted += usize::from(hit(&store, &victim, &limit).await == Some(true));
            hit(&store, &flooder(1_000_000 + number), &per_minute(1)).await;
        }
        assert_eq!(admitted, 5, "{when_full}");
    }
}

#[tokio::test]
async fn no_exhausted_key_gets_in_again_and_the_store_stays_within_its_bound() {
    for when_full in [WhenFull::Refuse, WhenFull::Share] {
        let (store, _clock) = store(when_full);
        let counted = flood(&store).await;
        assert!(counted >= CAPACITY, "{counted} keys found room, {CAPACITY} were promised");
        let in_again = flood(&store).await;
        assert_eq!(in_again, 0, "{when_full}: exhausted keys were admitted again");
        assert!(store.rate_counters() <= CAPACITY * 2, "{} counters", store.rate_counters());
    }
}

#[tokio::test]
async fn a_small_store_holds_exactly_its_capacity() {
    let clock = ManualClock::new(1_700_000_000_000);
    let config = Config::default().with_capacity(100);
    let store = MemoryBackend::with_clock(config, Arc::new(clock)).unwrap();
    let mut counted = 0;
    for number in 0..1_000 {
        counted += usize::from(hit(&store, &flooder(number), &per_minute(1)).await.is_some());
    }
    assert_eq!((counted, store.rate_counters()), (100, 100));
}

#[tokio::test]
async fn what_has_expired_makes_room_and_what_has_not_stays() {
    let (store, clock) = store(WhenFull::Refuse);
    let (long, hour) = (Key::new("chat", "long").unwrap(), Limit::fixed_window(1, MINUTE * 600).unwrap());
    assert_eq!(hit(&store, &long, &hour).await, Some(true));
    flood(&store).await;
    let late = Key::new("chat", "late").unwrap();
    // A sliding window counts until the end of the next one, and a store keeps it a minute longer.
    clock.advance(MINUTE * 2);
    assert_eq!(hit(&store, &late, &per_minute(1)).await, None, "kept a minute longer than it counts");
    clock.advance(MINUTE);
    assert_eq!(hit(&store, &late, &per_minute(1)).await, Some(true));
    assert!(flood(&store).await >= CAPACITY - 2, "all of the first flood made room");
    assert_eq!(hit(&store, &long, &hour).await, Some(false), "a live counter was dropped");
}

#[tokio::test]
async fn a_full_store_still_answers_for_the_keys_it_counts_and_asks_nothing_of_the_others() {
    let (store, _clock) = store(WhenFull::Refuse);
    flood(&store).await;
    let (known, stranger, limit) = (flooder(0), Key::new("chat", "stranger").unwrap(), per_minute(1));
    assert_eq!(hit(&store, &known, &limit).await, Some(false));
    let error = store.hit_one(&stranger, &limit).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Capacity, true));
    assert!(error.to_string().contains("LIMITER_MEMORY_CAPACITY"), "{error}");
    let charges = [Charge::new(&stranger, &limit)];
    assert!(store.peek(&charges).await.unwrap().is_allowed(), "a peek needs no room");
    assert!(store.hit_cost(&stranger, &limit, 0).await.unwrap().is_allowed(), "nor does a cost of 0");
    assert!(!store.hit_cost(&stranger, &limit, 2).await.unwrap().is_allowed(), "nor a denial");
}

#[tokio::test]
async fn no_room_for_one_charge_leaves_the_others_unmade() {
    let (store, _clock) = store(WhenFull::Refuse);
    let (known, limit) = (Key::new("chat", "known").unwrap(), per_minute(3));
    assert_eq!(hit(&store, &known, &limit).await, Some(true));
    flood(&store).await;
    let stranger = Key::new("chat", "stranger").unwrap();
    for charges in [
        [Charge::new(&known, &limit), Charge::new(&stranger, &limit)],
        [Charge::new(&stranger, &limit), Charge::new(&known, &limit)],
    ] {
        assert_eq!(store.hit(&charges).await.unwrap_err().kind(), ErrorKind::Capacity);
    }
    let peeked = store.peek(&[Charge::new(&known, &limit)]).await.unwrap();
    assert_eq!(peeked.outcomes()[0].remaining(), 2);
}

#[tokio::test]
async fn shared_counters_say_so_and_are_remembered_by_a_key_that_gets_its_own() {
    let (store, clock) = store(WhenFull::Share);
    flood(&store).await;
    let (stranger, limit) =
        (Key::new("chat", "stranger").unwrap(), Limit::fixed_window(2, MINUTE * 10).unwrap());
    let mut admitted = 0;
    let decision = store.hit_one(&stranger, &limit).await.unwrap();
    assert_eq!(decision.source(), Source::Overflow);
    admitted += u64::from(decision.is_allowed());
    // The flood expires long before the stranger's window ends: from now on it has a counter of its own.
    clock.advance(MINUTE * 4);
    for _ in 0..5 {
        let decision = store.hit_one(&stranger, &limit).await.unwrap();
        admitted += u64::from(decision.is_allowed());
    }
    assert_eq!(store.hit_one(&stranger, &limit).await.unwrap().source(), Source::Store);
    assert_eq!(admitted, 2, "what it used in the shared counter was forgotten or counted twice");
}

/// A full store of one shard, whose shared counters stand at four places.
async fn full_store_with_four_places() -> MemoryBackend {
    let config = Config::default().with_capacity(100).with_when_full(WhenFull::Share);
    let clock = ManualClock::new(1_700_000_000_000);
    let store = MemoryBackend::with_clock(config, Arc::new(clock)).unwrap();
    for number in 0..100 {
        assert_eq!(hit(&store, &flooder(number), &per_minute(1)).await, Some(true));
    }
    store
}

/// How many of a thousand calls over so many new keys are counted in shared counters.
async fn counted_in_shared(store: &MemoryBackend, keys: usize) -> usize {
    let (limit, mut counted) = (per_minute(1_000_000), 0);
    for call in 0..1_000 {
        let keys: Vec<_> = (0..keys).map(|key| flooder(1_000_000 * (key + 1) + call)).collect();
        let charges: Vec<_> = keys.iter().map(|key| Charge::new(key, &limit)).collect();
        match store.hit(&charges).await {
            Ok(decision) => {
                assert_eq!(decision.source(), Source::Overflow);
                counted += 1;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Capacity),
        }
    }
    counted
}

#[tokio::test]
async fn two_charges_of_one_call_never_share_a_counter() {
    let store = full_store_with_four_places().await;
    assert_eq!(counted_in_shared(&store, 1).await, 1_000);
    let apart = counted_in_shared(&store, 2).await;
    assert!((650..850).contains(&apart), "{apart} of 1000 pairs fell to two of four places");
    assert_eq!(counted_in_shared(&store, 5).await, 0, "five counters at four places");
}

#[tokio::test]
async fn entries_of_logs_are_bounded_and_come_back() {
    let clock = ManualClock::new(1_700_000_000_000);
    let config = Config::default().with_capacity(1_000).with_log_entries(100);
    let store = MemoryBackend::with_clock(config, Arc::new(clock.clone())).unwrap();
    let (key, limit) = (Key::new("log", "u").unwrap(), Limit::sliding_log(1_000, MINUTE).unwrap());
    for _ in 0..100 {
        assert_eq!(hit(&store, &key, &limit).await, Some(true));
        clock.advance(Duration::from_millis(1));
    }
    let error = store.hit_one(&key, &limit).await.unwrap_err();
    assert!(error.to_string().contains("LIMITER_MEMORY_LOG_ENTRIES"), "{error}");
    RateLimiter::reset(&store, &key, &limit).await.unwrap();
    assert_eq!(hit(&store, &key, &limit).await, Some(true), "a reset gives its entries back");
}

#[tokio::test]
async fn what_takes_no_room_leaves_the_last_slot_to_what_does() {
    let clock = ManualClock::new(1_700_000_000_000);
    let config = Config::default().with_capacity(1);
    let store = MemoryBackend::with_clock(config, Arc::new(clock)).unwrap();
    let (one, other, limit) = (
        Key::new("k", "one").unwrap(),
        Key::new("k", "other").unwrap(),
        Limit::fixed_window(2, MINUTE).unwrap(),
    );
    let charges = [
        Charge::new(&one, &Limit::UNLIMITED),
        Charge::new(&one, &limit).with_cost(0),
        Charge::new(&other, &limit),
    ];
    assert!(store.hit(&charges).await.unwrap().is_allowed());
    assert_eq!(store.rate_counters(), 1);
}

#[tokio::test]
async fn slots_and_quotas_are_bounded_and_what_has_ended_makes_room() {
    let clock = ManualClock::new(1_700_000_000_000);
    let config = Config::default().with_leases(10).with_quota_entries(10);
    let store = MemoryBackend::with_clock(config, Arc::new(clock.clone())).unwrap();
    let request = |number: usize| {
        let scope = Scope::new(Key::new("slots", &number.to_string()).unwrap(), 1);
        LeaseRequest::new([scope], MINUTE).unwrap()
    };
    let requests: Vec<_> = (0..10).map(request).collect();
    for request in &requests {
        assert!(store.acquire(request).await.unwrap().is_acquired());
    }
    assert_eq!(store.acquire(&request(10)).await.unwrap_err().kind(), ErrorKind::Capacity);
    assert!(store.acquire(&requests[3]).await.unwrap().is_acquired(), "asked again, it takes no more room");
    let (day, user) =
        (Quota::new(5, Period::Day).unwrap(), |n: usize| Key::new("bytes", &n.to_string()).unwrap());
    for number in 0..10 {
        assert_eq!(store.record(&user(number), &day, 1).await.unwrap().used, 1);
    }
    assert_eq!(store.record(&user(10), &day, 1).await.unwrap_err().kind(), ErrorKind::Capacity);
    assert_eq!(
        store.record(&user(3), &day, 1).await.unwrap().used,
        2,
        "counted already, it takes no more room"
    );
    clock.advance(MINUTE);
    assert!(store.acquire(&request(10)).await.unwrap().is_acquired());
    assert_eq!(store.slot_keys(), 1);
    clock.advance(MINUTE * 60 * 24);
    assert_eq!(store.record(&user(10), &day, 1).await.unwrap().used, 1);
    assert_eq!(store.quota_counters(), 1);
}

#[tokio::test]
async fn while_the_time_is_handed_in_nothing_is_dropped_that_has_room() {
    let clock = ManualClock::new(1_700_000_000_000);
    let store = MemoryBackend::with_clock(Config::default(), Arc::new(clock.clone())).unwrap();
    let (one, other) = (Key::new("k", "one").unwrap(), Key::new("k", "other").unwrap());
    let hour = Quota::new(5, Period::Hour).unwrap();
    let lease = |key: &Key| LeaseRequest::new([Scope::new(key.clone(), 1)], Duration::from_secs(1)).unwrap();
    let _ = store.record(&one, &hour, 3).await.unwrap();
    assert!(store.acquire(&lease(&one)).await.unwrap().is_acquired());
    clock.advance(MINUTE * 60 * 3);
    let _ = store.record(&other, &hour, 1).await.unwrap();
    assert!(store.acquire(&lease(&other)).await.unwrap().is_acquired());
    clock.set_ms(1_700_000_000_500);
    assert_eq!(store.check(&one, &hour).await.unwrap().used, 3);
    assert_eq!(store.in_use(&one).await.unwrap(), 1);
}

#[tokio::test]
async fn as_many_keys_as_promised_find_room_however_alike_they_are() {
    // Keys that differ in a digit or two, with a new secret each time: none of them may crowd one shard.
    for round in 0..40 {
        let store = MemoryBackend::new(Config::default().with_capacity(CAPACITY * 2)).unwrap();
        for number in 0..CAPACITY * 2 {
            let key = Key::new("hits", &format!("{number:012}")).unwrap();
            assert_eq!(hit(&store, &key, &per_minute(1)).await, Some(true), "key {number} of round {round}");
        }
    }
}
