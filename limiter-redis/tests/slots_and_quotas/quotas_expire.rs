//! Quotas on a server: every key expires, none before what it counts, and reads keep none alive.

use std::time::Duration;

use limiter_core::{
    ErrorKind, Period, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation, Settlement,
};

use crate::store::{Store, key, reservation_id};

const MEMORY_MS: u64 = 600_000;
const LONG_MS: u64 = 90_000;
const SHORT_MS: u64 = 1_000;

/// So long that no test sees it turn, but for those who work at midnight on New Year's Eve.
fn quota() -> Quota {
    Quota::new(10, Period::Year).unwrap()
}

fn charge(amount: u64) -> QuotaCharge {
    QuotaCharge::new(key("bytes", "u1"), quota(), amount)
}

fn reservation(id: &str, amount: u64, ttl_ms: u64) -> Reservation {
    let reservation = Reservation::new([charge(amount)], Duration::from_millis(ttl_ms)).unwrap();
    reservation.with_id(reservation_id(id))
}

fn settlement(id: &str, amount: u64) -> Settlement {
    Settlement::new(reservation_id(id), [charge(amount)]).unwrap()
}

/// When the period ends.
fn end_ms(store: &Store) -> u64 {
    Period::Year.span(store.now_ms(), 0).end_ms
}

async fn record(store: &Store, amount: u64) -> QuotaOutcome {
    store.limiter.record(charge(0).key(), &quota(), amount).await.unwrap()
}

async fn reserve(store: &Store, reservation: &Reservation) -> bool {
    store.limiter.reserve(reservation).await.unwrap().is_granted()
}

#[tokio::test]
async fn what_is_used_goes_with_its_period() {
    let store = Store::new().await;
    assert_eq!(record(&store, 3).await.used, 3);
    store.assert_kept_until(end_ms(&store), 1);
    assert!(reserve(&store, &reservation("r1", 2, SHORT_MS)).await);
    store.assert_kept_until(end_ms(&store), 2);
    let before_ms = store.now_ms();
    store.limiter.settle(&settlement("r1", 1)).await.unwrap();
    store.assert_kept_until(end_ms(&store).max(before_ms + MEMORY_MS), 2);
}

#[tokio::test]
async fn what_is_only_reserved_goes_with_the_last_reservation() {
    let store = Store::new().await;
    let before_ms = store.now_ms();
    assert!(reserve(&store, &reservation("r1", 2, LONG_MS)).await);
    store.assert_kept_until(before_ms + LONG_MS, 2);
    assert!(reserve(&store, &reservation("r2", 2, SHORT_MS)).await);
    store.assert_kept_until(before_ms + LONG_MS, 2);
    let before_ms = store.now_ms();
    assert!(reserve(&store, &reservation("r2", 2, 2 * LONG_MS)).await);
    store.assert_kept_until(before_ms + 2 * LONG_MS, 2);
}

#[tokio::test]
async fn what_is_settled_is_remembered_for_ten_minutes() {
    let store = Store::new().await;
    let before_ms = store.now_ms();
    store.limiter.settle(&settlement("r1", 0)).await.unwrap();
    store.assert_kept_until(before_ms + MEMORY_MS, 2);
    assert!(reserve(&store, &reservation("r2", 2, SHORT_MS)).await);
    store.assert_kept_until(before_ms + MEMORY_MS, 3);
}

#[tokio::test]
async fn the_end_of_a_short_reservation_takes_no_long_one_along() {
    let store = Store::new().await;
    assert!(reserve(&store, &reservation("r1", 4, LONG_MS)).await);
    assert!(reserve(&store, &reservation("r2", 3, 20)).await);
    tokio::time::sleep(Duration::from_millis(60)).await;
    let check = store.limiter.check(charge(0).key(), &quota()).await.unwrap();
    assert_eq!(check.reserved, 4);
    assert!(reserve(&store, &reservation("r3", 6, 20)).await);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(record(&store, 1).await.reserved, 4);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let store = Store::new().await;
    assert!(reserve(&store, &reservation("ended", 5, 1)).await);
    assert!(reserve(&store, &reservation("r1", 4, LONG_MS)).await);
    store.limiter.settle(&settlement("settled", 6)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let writes = store.writes();

    let refused = store.limiter.check(charge(0).key(), &quota()).await.unwrap();
    assert!(!refused.is_allowed());
    assert!(store.limiter.check(&key("bytes", "nobody"), &quota()).await.unwrap().is_allowed());
    assert!(record(&store, 0).await.is_allowed());
    assert!(!reserve(&store, &reservation("r2", 1, LONG_MS)).await);
    let kind = |reservation: Reservation| {
        let store = &store;
        async move { store.limiter.reserve(&reservation).await.unwrap_err() }
    };
    let other_amount = kind(reservation("r1", 3, LONG_MS)).await;
    assert_eq!((other_amount.kind(), other_amount.operation()), (ErrorKind::Conflict, Some("reserve")));
    assert_eq!(other_amount.message(), "reservation r1 holds 4, asked for again with 3");
    let settled = kind(reservation("settled", 6, LONG_MS)).await;
    assert_eq!(settled.kind(), ErrorKind::Conflict);
    assert_eq!(settled.message(), "reservation settled was settled less than ten minutes ago");
    let again = store.limiter.settle(&settlement("settled", 1)).await.unwrap();
    assert_eq!((again[0].used, again[0].reserved), (6, 4));

    assert_eq!(store.writes(), writes);
}

#[tokio::test]
async fn what_has_ended_goes_with_the_next_change() {
    let store = Store::new().await;
    for id in ["r1", "r2", "r3"] {
        assert!(reserve(&store, &reservation(id, 3, 1)).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let before_ms = store.now_ms();
    let settled = store.limiter.settle(&settlement("r3", 0)).await.unwrap();
    assert_eq!((settled[0].used, settled[0].reserved, settled[0].remaining), (0, 0, 10));
    store.assert_kept_until(before_ms + MEMORY_MS, 2);
}

#[tokio::test]
async fn a_reset_leaves_no_key() {
    let store = Store::new().await;
    assert_eq!(record(&store, 3).await.used, 3);
    assert!(reserve(&store, &reservation("r1", 4, LONG_MS)).await);
    store.limiter.settle(&settlement("r2", 1)).await.unwrap();
    assert_eq!(store.keys().len(), 3);
    QuotaTracker::reset(&store.limiter, charge(0).key(), &quota()).await.unwrap();
    assert_eq!(store.keys(), [""; 0]);
}

#[tokio::test]
async fn half_of_a_counters_state_holds_nothing() {
    let store = Store::new().await;
    for half in ["limiter:{bytes:u1}:q:year:0", "limiter:{bytes:u1}:q:year:0:h"] {
        assert!(reserve(&store, &reservation("r1", 10, LONG_MS)).await);
        store.delete(half);
        assert_eq!(record(&store, 0).await.reserved, 0, "without {half}");
        assert!(reserve(&store, &reservation("r2", 10, LONG_MS)).await, "without {half}");
        assert_eq!(record(&store, 0).await.reserved, 10, "without {half}");
        QuotaTracker::reset(&store.limiter, charge(0).key(), &quota()).await.unwrap();
    }
}

#[tokio::test]
async fn a_wait_is_found_however_many_reservations_it_takes() {
    let store = Store::new().await;
    let quota = Quota::new(300, Period::Year).unwrap();
    let charge = |amount| QuotaCharge::new(key("bytes", "u1"), quota, amount);
    let minute = Duration::from_secs(60);
    for number in 0..300 {
        let ttl = minute + Duration::from_secs(60 * u64::from(number >= 250));
        assert!(
            store.limiter.reserve(&Reservation::new([charge(1)], ttl).unwrap()).await.unwrap().is_granted()
        );
    }
    for (amount, longest) in [(1, minute), (250, minute), (251, 2 * minute), (300, 2 * minute)] {
        let refused =
            store.limiter.reserve(&Reservation::new([charge(amount)], minute).unwrap()).await.unwrap();
        let wait = refused.retry_after().unwrap().after().unwrap();
        assert!(wait <= longest && wait + minute / 2 > longest, "{amount}: {wait:?}");
    }
}
