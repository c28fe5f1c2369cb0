//! When what is refused will fit.

use std::time::Duration;

use limiter_core::{
    ManualClock, Period, Quota, QuotaCharge, QuotaTracker, QuotaTrackerExt, Reservation, Retry,
};

use crate::store::{Store, client_by, key};

const START_MS: u64 = 1_700_000_000_000;

const fn after(ms: u64) -> Retry {
    Retry::After(Duration::from_millis(ms))
}

#[tokio::test]
async fn a_wait_is_found_however_many_reservations_it_takes() {
    let quotas = client_by(&Store::new().url, &ManualClock::new(START_MS)).await;
    let (key, quota) = (key("u1"), Quota::new(600, Period::Year).unwrap());
    // Three units each, the last made the first to run out; then two that run out at once.
    for number in (0..198).rev() {
        let ttl = Duration::from_millis(1000 + number);
        assert!(quotas.reserve_one(&key, &quota, 3, ttl).await.unwrap().1.is_granted());
    }
    for _ in 0..2 {
        let ttl = Duration::from_secs(5);
        assert!(quotas.reserve_one(&key, &quota, 3, ttl).await.unwrap().1.is_granted());
    }
    assert_eq!(quotas.check(&key, &quota).await.unwrap().retry_after, Some(after(1000)));
    for (amount, wait_ms) in
        [(1, 1000), (3, 1000), (4, 1001), (300, 1099), (594, 1197), (595, 5000), (600, 5000)]
    {
        let refused = quotas.reserve_one(&key, &quota, amount, Duration::from_secs(9)).await.unwrap().1;
        assert_eq!(refused.retry_after(), Some(after(wait_ms)), "{amount}");
    }
    let narrow = Quota::new(301, Period::Year).unwrap();
    assert_eq!(quotas.check(&key, &narrow).await.unwrap().retry_after, Some(after(1099)));
}

#[tokio::test]
async fn where_the_period_ends_first_it_ends_the_wait() {
    let period = Period::Hour.span(START_MS, 0);
    let quotas = client_by(&Store::new().url, &ManualClock::new(period.end_ms - 700)).await;
    let (key, quota) = (key("u1"), Quota::new(10, Period::Hour).unwrap());
    for (amount, ttl_ms) in [(4, 699), (4, 700), (2, 701)] {
        let ttl = Duration::from_millis(ttl_ms);
        assert!(quotas.reserve_one(&key, &quota, amount, ttl).await.unwrap().1.is_granted());
    }
    for (amount, wait_ms) in [(4, 699), (5, 700), (8, 700), (9, 700)] {
        let refused = quotas.reserve_one(&key, &quota, amount, Duration::from_secs(9)).await.unwrap().1;
        assert_eq!(refused.retry_after(), Some(after(wait_ms)), "{amount}");
    }
    let _ = quotas.record(&key, &quota, 1).await.unwrap();
    let refused = quotas.reserve_one(&key, &quota, 10, Duration::from_secs(9)).await.unwrap().1;
    assert_eq!(refused.retry_after(), Some(after(700)));
}

#[tokio::test]
async fn what_is_held_fits_again_whatever_the_cap_is_by_now() {
    let quotas = client_by(&Store::new().url, &ManualClock::new(START_MS)).await;
    let (held, other) = (key("u1"), key("u2"));
    let quota = |max| Quota::new(max, Period::Year).unwrap();
    let (ttl, amount) = (Duration::from_secs(9), 3);
    let (reservation, granted) = quotas.reserve_one(&held, &quota(5), amount, ttl).await.unwrap();
    assert!(granted.is_granted());
    let again = [QuotaCharge::new(held, quota(0), amount), QuotaCharge::new(other, quota(0), 1)];
    let again = Reservation::new(again, ttl).unwrap().with_id(reservation.id().clone());
    let refused = quotas.reserve(&again).await.unwrap();
    let waits: Vec<_> = refused.outcomes().iter().map(|outcome| outcome.retry_after).collect();
    assert_eq!(waits, [None, Some(Retry::Never)]);
    assert_eq!((refused.outcomes()[0].reserved, refused.outcomes()[0].remaining), (amount, 0));
}
