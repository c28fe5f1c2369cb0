//! The calendar counted day by day from the leap rule.

use std::sync::OnceLock;

use limiter_core::{Period, Span};

const HOUR_MS: i64 = 3_600_000;
/// A day in milliseconds.
pub const DAY_MS: i64 = 86_400_000;
/// The calendar starts a year before the epoch, for offsets to the west of it: on a Wednesday.
const FIRST_YEAR: i64 = 1969;
const DAYS_BEFORE_EPOCH: i64 = 365;
const LAST_YEAR: i64 = 2501;
/// After so many years, which are so many whole weeks, every date falls on the same day of the week again.
const CYCLE_YEARS: i64 = 400;
const CYCLE_DAYS: i64 = 146_097;

/// A date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The year, such as 2024.
    pub year: i64,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub of_month: u8,
    /// How many days after a Monday it is.
    pub since_monday: u8,
}

/// The span of a period that holds a time, found by walking from day to day.
pub fn span(period: Period, now_ms: u64, utc_offset_minutes: i16) -> Span {
    let offset_ms = i64::from(utc_offset_minutes) * 60_000;
    let local_ms = now_ms.cast_signed() + offset_ms;
    let today = local_ms.div_euclid(DAY_MS);
    let (start_ms, end_ms) = match period {
        Period::Hour => {
            let hours = local_ms.div_euclid(HOUR_MS);
            (hours * HOUR_MS, (hours + 1) * HOUR_MS)
        }
        _ => (back(period, today) * DAY_MS, on(period, today + 1) * DAY_MS),
    };
    Span { start_ms: start_ms - offset_ms, end_ms: (end_ms - offset_ms).unsigned_abs() }
}

/// The date of a day counted from 1970-01-01.
pub fn date(day: i64) -> Day {
    let days = days();
    let place = day + DAYS_BEFORE_EPOCH;
    let beyond = place + 1 - i64::try_from(days.len()).unwrap_or(i64::MAX);
    // Later than the list reaches: a cycle's day of which the list has the date.
    let cycles = if beyond > 0 { (beyond + CYCLE_DAYS - 1) / CYCLE_DAYS } else { 0 };
    let place = usize::try_from(place - cycles * CYCLE_DAYS).unwrap_or_default();
    Day { year: days[place].year + cycles * CYCLE_YEARS, ..days[place] }
}

/// The last day that was counted, from 1970-01-01: that of the year 2501. The dates of later ones repeat.
pub fn last_day() -> i64 {
    i64::try_from(days().len()).unwrap_or(i64::MAX) - DAYS_BEFORE_EPOCH - 1
}

fn back(period: Period, mut day: i64) -> i64 {
    while !starts(period, date(day)) {
        day -= 1;
    }
    day
}

fn on(period: Period, mut day: i64) -> i64 {
    while !starts(period, date(day)) {
        day += 1;
    }
    day
}

fn starts(period: Period, day: Day) -> bool {
    match period {
        Period::Week => day.since_monday == 0,
        Period::Month => day.of_month == 1,
        Period::Year => day.of_month == 1 && day.month == 1,
        _ => true,
    }
}

fn days() -> &'static [Day] {
    static DAYS: OnceLock<Vec<Day>> = OnceLock::new();
    DAYS.get_or_init(|| {
        let mut day = Day { year: FIRST_YEAR, month: 1, of_month: 1, since_monday: 2 };
        let mut days = Vec::new();
        while day.year <= LAST_YEAR {
            days.push(day);
            day = next(day);
        }
        days
    })
}

fn next(day: Day) -> Day {
    let since_monday = (day.since_monday + 1) % 7;
    let (year, month, of_month) = if day.of_month < days_of_month(day.year, day.month) {
        (day.year, day.month, day.of_month + 1)
    } else if day.month < 12 {
        (day.year, day.month + 1, 1)
    } else {
        (day.year + 1, 1, 1)
    };
    Day { year, month, of_month, since_monday }
}

fn days_of_month(year: i64, month: u8) -> u8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
