//! Faults about when periods turn.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Key, Period, Quota, QuotaOutcome, QuotaTracker, Result};

use super::wrong::{Fault, Right, with_fault};
use crate::judge::caught_by;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 86_400_000;

/// Turns the periods of one kind, in UTC, by another calendar: the time that it takes for another.
#[derive(Debug)]
struct OtherCalendar(Period, fn(u64) -> u64);

#[async_trait]
impl Fault for OtherCalendar {
    fn told_ms(&self, _key: &Key, quota: &Quota, clock_ms: u64) -> u64 {
        let other = quota.period() == self.0 && quota.utc_offset_minutes() == 0;
        if other { self.1(clock_ms) } else { clock_ms }
    }
}

/// How far into its span of a period a time is, in days.
fn day_of(period: Period, at_ms: u64) -> u64 {
    let start_ms = u64::try_from(period.span(at_ms, 0).start_ms).unwrap();
    (at_ms - start_ms) / DAY_MS
}

/// The day and the month of the year, counted from 0; how many days February has.
fn date(at_ms: u64) -> (u64, u64, u64) {
    let year_start_ms = at_ms - at_ms % DAY_MS - day_of(Period::Year, at_ms) * DAY_MS;
    let march_ms = Period::Month.span(year_start_ms + 31 * DAY_MS, 0).end_ms;
    let month_start = day_of(Period::Year, at_ms) - day_of(Period::Month, at_ms);
    (day_of(Period::Month, at_ms), month_start, (march_ms - year_start_ms) / DAY_MS - 31)
}

#[test]
fn hours_a_millisecond_late() {
    caught_by("quotas::an_hour_turns_on_the_hour", || {
        with_fault(OtherCalendar(Period::Hour, |at_ms| at_ms - 1))
    });
}

#[test]
fn midnight_missed() {
    let broken = caught_by("quotas::a_day_turns_at_midnight", || {
        with_fault(OtherCalendar(Period::Day, |at_ms| at_ms - 1))
    });
    assert_eq!(broken.wanted(), "3 used");
}

#[test]
fn local_midnight() {
    let case = "quotas::a_day_turns_at_midnight";
    caught_by(case, || with_fault(OtherCalendar(Period::Day, |at_ms| at_ms + HOUR_MS)));
    caught_by(case, || with_fault(OtherCalendar(Period::Day, |at_ms| at_ms - 5 * HOUR_MS - 30 * MINUTE_MS)));
}

/// Days of 24 hours from the first use, as a key that expires has them.
#[derive(Debug, Default)]
struct RollingDays(Mutex<HashMap<Key, u64>>);

#[async_trait]
impl Fault for RollingDays {
    fn told_ms(&self, key: &Key, quota: &Quota, clock_ms: u64) -> u64 {
        if quota.period() != Period::Day || quota.utc_offset_minutes() != 0 {
            return clock_ms;
        }
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clock_ms - *first.entry(key.clone()).or_insert(clock_ms) % DAY_MS
    }
}

#[test]
fn rolling_days() {
    let broken = caught_by("quotas::a_day_turns_at_midnight", || with_fault(RollingDays::default()));
    assert_eq!(broken.wanted(), "0 used");
}

#[test]
fn weeks_from_sunday() {
    caught_by("quotas::a_week_turns_on_monday", || {
        with_fault(OtherCalendar(Period::Week, |at_ms| at_ms + DAY_MS))
    });
}

#[test]
fn weeks_from_the_epoch() {
    caught_by("quotas::a_week_turns_on_monday", || {
        with_fault(OtherCalendar(Period::Week, |at_ms| at_ms - 3 * DAY_MS))
    });
}

#[test]
fn months_of_thirty_days() {
    let thirty_days = |at_ms| if day_of(Period::Month, at_ms) == 30 { at_ms + DAY_MS } else { at_ms };
    caught_by("quotas::a_month_turns_on_the_first", || with_fault(OtherCalendar(Period::Month, thirty_days)));
}

#[test]
fn leap_day_missed() {
    let no_leap_day = |at_ms| if date(at_ms) == (28, 31, 29) { at_ms + DAY_MS } else { at_ms };
    let case = "quotas::february_has_a_leap_day_in_leap_years";
    caught_by(case, || with_fault(OtherCalendar(Period::Month, no_leap_day)));
}

#[test]
fn every_fourth_year_is_a_leap_year() {
    // The first of March of 2100 is taken for one day more of February.
    const FIRST_OF_MARCH: u64 = 47_541;
    assert_eq!(date(FIRST_OF_MARCH * DAY_MS), (0, 59, 28));
    let leap_day = |at_ms| if at_ms / DAY_MS == FIRST_OF_MARCH { FIRST_OF_MARCH * DAY_MS - 1 } else { at_ms };
    let case = "quotas::february_has_a_leap_day_in_leap_years";
    caught_by(case, || with_fault(OtherCalendar(Period::Month, leap_day)));
}

#[test]
fn years_of_365_days() {
    let no_leap_day = |at_ms| if day_of(Period::Year, at_ms) == 365 { at_ms + DAY_MS } else { at_ms };
    caught_by("quotas::a_year_turns_in_january", || with_fault(OtherCalendar(Period::Year, no_leap_day)));
}

/// Reads an offset otherwise. Half a day is left as it is, for other cases count by it where midnight is near.
#[derive(Debug)]
struct OtherOffset(fn(i16) -> i16);

#[async_trait]
impl Fault for OtherOffset {
    fn place(&self, key: &Key, quota: &Quota) -> (Key, Quota) {
        let minutes = quota.utc_offset_minutes();
        if minutes == 720 {
            return (key.clone(), *quota);
        }
        let told = quota.with_utc_offset_minutes(self.0(minutes)).unwrap();
        (key.with_partition(&format!("{:?} at {minutes}", key.partition())).unwrap(), told)
    }
}

#[test]
fn offset_ignored() {
    let broken = caught_by("quotas::an_offset_moves_the_turn", || with_fault(OtherOffset(|_| 0)));
    assert_eq!(broken.wanted(), "3 used");
}

#[test]
fn offset_read_wrongly() {
    let others: [fn(i16) -> i16; 4] =
        [|minutes| -minutes, |minutes| minutes.abs(), |minutes| minutes / 60 * 60, |minutes| minutes % 720];
    for other in others {
        caught_by("quotas::an_offset_moves_the_turn", || with_fault(OtherOffset(other)));
    }
}

/// Tells the whole length of the period instead of what is left of it.
#[derive(Debug)]
struct WholePeriod;

#[async_trait]
impl Fault for WholePeriod {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let outcome = right.model.record(key, quota, amount).await?;
        let span = quota.period().span(right.now_ms(), quota.utc_offset_minutes());
        let length_ms = i64::try_from(span.end_ms).unwrap() - span.start_ms;
        Ok(QuotaOutcome { reset_after: Duration::from_millis(length_ms.unsigned_abs()), ..outcome })
    }
}

#[test]
fn whole_period() {
    caught_by("quotas::reset_after_tells_the_end_of_the_period", || with_fault(WholePeriod));
}
