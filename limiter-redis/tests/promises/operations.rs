//! Limits, keys and requests that tests share.

use std::time::Duration;

use limiter_core::{Key, LeaseRequest, Limit, Period, Quota, QuotaCharge, Reservation, Scope};

/// So long that no window turns while a test runs: 366 days from the epoch on, the next turn is years ahead.
pub(crate) const LONG: Duration = Duration::from_secs(366 * 86_400);

/// One limit for each algorithm.
pub(crate) fn one_of_each(max: u64, window: Duration) -> [Limit; 4] {
    [
        Limit::fixed_window(max, window).unwrap(),
        Limit::sliding_window(max, window).unwrap(),
        Limit::sliding_log(max, window).unwrap(),
        Limit::token_bucket(max, window).unwrap(),
    ]
}

/// A key of a test.
pub(crate) fn key(who: &str) -> Key {
    Key::new("promise", who).unwrap()
}

/// So much in a year.
pub(crate) fn yearly(max: u64) -> Quota {
    Quota::new(max, Period::Year).unwrap()
}

/// A lease of one permit in each key.
pub(crate) fn lease(keys: &[Key], cap: u64, ttl: Duration) -> LeaseRequest {
    let scopes: Vec<_> = keys.iter().map(|key| Scope::new(key.clone(), cap)).collect();
    LeaseRequest::new(scopes, ttl).unwrap()
}

/// So many units of a yearly quota in each key.
pub(crate) fn reservation(keys: &[Key], max: u64, amount: u64, ttl: Duration) -> Reservation {
    let charges: Vec<_> = keys.iter().map(|key| QuotaCharge::new(key.clone(), yearly(max), amount)).collect();
    Reservation::new(charges, ttl).unwrap()
}
