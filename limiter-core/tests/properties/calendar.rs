//! The calendar counted day by day from the leap rule, without any formula.

use std::sync::OnceLock;

use limiter_core::{Period, Span};

const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 86_400_000;
/// The calendar starts a year before the epoch, for offsets to the west of it: on a Wednesday.
const FIRST_YEAR: i64 = 1969;
const DAYS_BEFORE_EPOCH: i64 = 365;
pub(crate) const LAST_YEAR: i64 = 2501;

/// One day: its date, and how many days after a Monday it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) of_month: u8,
    since_monday: u8,
}

/// The span of a period that holds a time, found by walking from day to day.
pub(crate) fn span(period: Period, now_ms: u64, utc_offset_minutes: i16) -> Span {
    let offset_ms = i64::from(utc_offset_minutes) * 60_000;
    let local_ms = i64::try_from(now_ms).unwrap() + offset_ms;
    let today = local_ms.div_euclid(DAY_MS);
    let (start_ms, end_ms) = match period {
        Period::Hour => {
            let hours = local_ms.div_euclid(HOUR_MS);
            (hours * HOUR_MS, (hours + 1) * HOUR_MS)
        }
        _ => (back(period, today) * DAY_MS, on(period, today + 1) * DAY_MS),
    };
    Span { start_ms: start_ms - offset_ms, end_ms: u64::try_from(end_ms - offset_ms).unwrap() }
}

/// The date of a day counted from 1970-01-01.
pub(crate) fn date(day: i64) -> Day {
    days()[usize::try_from(day + DAYS_BEFORE_EPOCH).unwrap()]
}

/// How many days after 1970-01-01 the calendar reaches.
pub(crate) fn last_day() -> i64 {
    i64::try_from(days().len()).unwrap() - DAYS_BEFORE_EPOCH - 1
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
