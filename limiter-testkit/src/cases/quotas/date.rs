//! Days of the calendar as times, by its rules and not by core's arithmetic.

const DAY_MS: u64 = 86_400_000;
const MONTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The midnight in UTC at which a day of the calendar begins, from 1970 on.
pub(crate) fn midnight_ms(year: u64, month: usize, day: u64) -> u64 {
    let years: u64 = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let months: u64 = MONTHS[..month - 1].iter().sum();
    let leap_day = u64::from(month > 2 && is_leap(year));
    (years + months + leap_day + day - 1) * DAY_MS
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}
