//! The calendar: when a period starts and ends, in UTC or at a fixed offset.

use crate::exact::EXACT;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 was a Thursday; the Monday before it is three days earlier.
const EPOCH_DAYS_SINCE_MONDAY: i64 = 3;

/// A calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Period {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday's midnight to the next Monday's.
    Week,
    /// From the first of a month to the first of the next.
    Month,
    /// From the first of January to the next.
    Year,
}

/// The time from one turn of a period to the next: `start_ms` is in it, `end_ms` isn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first millisecond since the Unix epoch; negative only for the span that holds the epoch itself.
    pub start_ms: i64,
    /// The first millisecond of the next span.
    pub end_ms: u64,
}

impl Period {
    /// Every period, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// The period's name: `hour`, `day`, `week`, `month`, `year`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The span of this period that holds a time, at a fixed offset from UTC in minutes.
    ///
    /// ```
    /// use limiter_core::Period;
    ///
    /// // 2024-02-29T23:59:59.999Z: a leap day's last millisecond.
    /// let span = Period::Day.span(1_709_251_199_999, 0);
    /// assert_eq!(span.end_ms, 1_709_251_200_000);
    /// assert_eq!(Period::Month.span(1_709_251_199_999, 0).end_ms, span.end_ms);
    /// ```
    pub fn span(self, now_ms: u64, utc_offset_minutes: i16) -> Span {
        let offset_ms = i64::from(utc_offset_minutes) * MINUTE_MS;
        let local_ms = i64::try_from(now_ms.min(EXACT)).unwrap_or(i64::MAX) + offset_ms;
        let (start, end) = self.local_span(local_ms);
        Span { start_ms: start - offset_ms, end_ms: u64::try_from(end - offset_ms).unwrap_or(0) }
    }

    fn local_span(self, local_ms: i64) -> (i64, i64) {
        let day = local_ms.div_euclid(DAY_MS);
        match self {
            Self::Hour => aligned(local_ms, HOUR_MS),
            Self::Day => aligned(local_ms, DAY_MS),
            Self::Week => {
                let monday = day - (day + EPOCH_DAYS_SINCE_MONDAY).rem_euclid(7);
                (monday * DAY_MS, (monday + 7) * DAY_MS)
            }
            Self::Month => {
                let (year, month) = year_and_month(day);
                let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                (first_day_of(year, month) * DAY_MS, first_day_of(next_year, next_month) * DAY_MS)
            }
            Self::Year => {
                let (year, _) = year_and_month(day);
                (first_day_of(year, 1) * DAY_MS, first_day_of(year + 1, 1) * DAY_MS)
            }
        }
    }
}

impl Span {
    /// Time until the span's end.
    pub const fn left_ms(&self, now_ms: u64) -> u64 {
        self.end_ms.saturating_sub(now_ms)
    }
}

fn aligned(local_ms: i64, length_ms: i64) -> (i64, i64) {
    let start = local_ms - local_ms.rem_euclid(length_ms);
    (start, start + length_ms)
}

/// Year and month of a day counted from 1970-01-01. The civil calendar repeats every 400 years of 146 097
/// days; years are counted from March, so that the leap day is a year's last. Source: Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn year_and_month(day: i64) -> (i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month)
}

/// The first day of a month, counted from 1970-01-01. Source: the same, `days_from_civil`.
fn first_day_of(year: i64, month: i64) -> i64 {
    let year_from_march = if month <= 2 { year - 1 } else { year };
    let era = year_from_march.div_euclid(400);
    let year_of_era = year_from_march.rem_euclid(400);
    let month_from_march = (month + 9).rem_euclid(12);
    let day_of_year = (153 * month_from_march + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
