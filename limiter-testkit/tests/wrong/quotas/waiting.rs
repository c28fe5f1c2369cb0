//! Faults about how long to wait.

use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Retry};

use super::wrong::{Fault, Right, changed, with_fault};
use crate::judge::caught_by;

/// Other words on how long to wait.
type Other = fn(QuotaOutcome) -> QuotaOutcome;

/// Tells another wait of a refused reserve.
#[derive(Debug)]
struct ReserveWaits(Other);

#[async_trait]
impl Fault for ReserveWaits {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        Ok(changed(right.model.reserve(reservation).await?, self.0))
    }
}

/// Tells another wait of a refused check.
#[derive(Debug)]
struct CheckWaits(Other);

#[async_trait]
impl Fault for CheckWaits {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        right.model.check(key, quota).await.map(self.0)
    }
}

fn until_the_end(outcome: QuotaOutcome) -> QuotaOutcome {
    match outcome.retry_after {
        Some(Retry::After(_)) => {
            QuotaOutcome { retry_after: Some(Retry::After(outcome.reset_after)), ..outcome }
        }
        _ => outcome,
    }
}

/// Gives up where only the period's end helps.
fn never_at_the_end(outcome: QuotaOutcome) -> QuotaOutcome {
    let until_the_end = outcome.retry_after == Some(Retry::After(outcome.reset_after));
    let hours_away = outcome.reset_after > Duration::from_secs(60);
    if until_the_end && hours_away {
        QuotaOutcome { retry_after: Some(Retry::Never), ..outcome }
    } else {
        outcome
    }
}

/// Doesn't know that the period ends before the reservations do.
fn past_the_end(outcome: QuotaOutcome) -> QuotaOutcome {
    let until_the_end = outcome.retry_after == Some(Retry::After(outcome.reset_after));
    let soon = outcome.reset_after < Duration::from_secs(60);
    let later = outcome.reset_after + Duration::from_millis(1);
    if until_the_end && soon {
        QuotaOutcome { retry_after: Some(Retry::After(later)), ..outcome }
    } else {
        outcome
    }
}

#[test]
fn a_reserve_always_waits_until_the_end() {
    let case = "quotas::a_refused_reserve_tells_when_reservations_make_room";
    let broken = caught_by(case, || with_fault(ReserveWaits(until_the_end)));
    assert!(broken.wanted().starts_with("refused until"), "{broken}");
}

#[test]
fn a_reserve_never_fits_where_only_the_end_helps() {
    let case = "quotas::a_refused_reserve_tells_when_the_period_ends";
    caught_by(case, || with_fault(ReserveWaits(never_at_the_end)));
}

#[test]
fn a_reserve_waits_past_the_end() {
    caught_by("quotas::no_wait_is_longer_than_the_period", || with_fault(ReserveWaits(past_the_end)));
}

#[test]
fn a_check_always_waits_until_the_end() {
    let case = "quotas::a_refused_check_tells_when_something_is_left";
    caught_by(case, || with_fault(CheckWaits(until_the_end)));
}

#[test]
fn a_check_waits_past_the_end() {
    caught_by("quotas::no_wait_is_longer_than_the_period", || with_fault(CheckWaits(past_the_end)));
}
