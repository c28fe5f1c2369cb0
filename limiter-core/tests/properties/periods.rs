//! Where calendar periods turn, held to the calendar that is counted day by day.

use limiter_core::{MAX_UTC_OFFSET_MINUTES, Period};
use limiter_testkit::laws::oracle::calendar::{DAY_MS, date, last_day, span};
use proptest::prelude::*;

use crate::cases::cases;

const OFFSETS: [i16; 7] = [0, 60, -480, 330, 345, MAX_UTC_OFFSET_MINUTES, -MAX_UTC_OFFSET_MINUTES];

/// The last and the first millisecond about a day's start in UTC, and a time within it.
fn moments(day: i64) -> [u64; 3] {
    let start_ms = u64::try_from(day * DAY_MS).unwrap();
    [start_ms.saturating_sub(1), start_ms, start_ms + 45_296_789]
}

fn same(period: Period, now_ms: u64, offset: i16) {
    let (got, wanted) = (period.span(now_ms, offset), span(period, now_ms, offset));
    assert_eq!(got, wanted, "{period:?} at {now_ms}, {offset} minutes from UTC");
}

#[test]
fn every_day_from_1970_to_2500_lies_in_the_periods_of_its_date() {
    let offset_ms = |offset: i16| i64::from(offset) * 60_000;
    for day in 0..=last_day() - 400 {
        let offset = OFFSETS[usize::try_from(day % 7).unwrap()];
        for now_ms in moments(day) {
            for period in [Period::Hour, Period::Day, Period::Week, Period::Month] {
                same(period, now_ms, 0);
                same(period, now_ms, offset);
            }
        }
        // The local midnight, to the millisecond.
        let midnight_ms = u64::try_from((day + 2) * DAY_MS - offset_ms(offset)).unwrap();
        let before = Period::Day.span(midnight_ms - 1, offset);
        assert_eq!(before.end_ms, midnight_ms);
        assert_eq!(Period::Day.span(midnight_ms, offset).start_ms, i64::try_from(midnight_ms).unwrap());
    }
}

#[test]
fn every_year_turns_with_the_first_of_january() {
    for day in 0..=last_day() - 400 {
        let first = date(day).of_month <= 1 || date(day).of_month >= 28;
        if first && (date(day).month == 1 || date(day).month == 12 || date(day).month == 2) {
            for now_ms in moments(day) {
                for offset in OFFSETS {
                    same(Period::Year, now_ms, offset);
                }
            }
        }
    }
}

#[test]
fn every_offset_turns_every_period_at_its_own_midnight() {
    // Leap days, year ends, and years of a century with and without a leap day.
    let days = [0, 1, 58, 59, 789, 790, 10_956, 10_957, 11_016, 19_782, 19_783, 47_540, 47_541, 120_588];
    for offset in -MAX_UTC_OFFSET_MINUTES..=MAX_UTC_OFFSET_MINUTES {
        for day in days {
            let turn_ms = (day + 1) * DAY_MS - i64::from(offset) * 60_000;
            let turn_ms = u64::try_from(turn_ms).unwrap();
            for period in Period::ALL {
                same(period, turn_ms - 1, offset);
                same(period, turn_ms, offset);
            }
        }
    }
}

#[test]
fn known_turns() {
    let at = |year: i64, month: u8, of_month: u8| {
        let day = (0..=last_day()).find(|day| {
            let date = date(*day);
            (date.year, date.month, date.of_month) == (year, month, of_month)
        });
        u64::try_from(day.unwrap() * DAY_MS).unwrap()
    };
    assert_eq!(at(2024, 2, 29), 1_709_164_800_000);
    let turns = [
        // A leap day is February's last; 1900 and 2100 have none, 2000 has.
        (Period::Month, at(2024, 2, 29), at(2024, 3, 1)),
        (Period::Month, at(2100, 2, 28), at(2100, 3, 1)),
        (Period::Month, at(2000, 2, 29), at(2000, 3, 1)),
        // 2026-01-01 is a Thursday: its week ends on Monday the fifth.
        (Period::Week, at(2026, 1, 1), at(2026, 1, 5)),
        (Period::Week, at(2026, 1, 5), at(2026, 1, 12)),
        (Period::Year, at(2024, 12, 31), at(2025, 1, 1)),
        (Period::Day, at(1999, 12, 31), at(2000, 1, 1)),
    ];
    for (period, now_ms, end_ms) in turns {
        assert_eq!(period.span(now_ms, 0).end_ms, end_ms, "{period:?} at {now_ms}");
    }
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn any_time_at_any_offset_lies_in_the_period_of_its_date(
        now_ms in 0..16_725_225_600_000_u64,
        offset in -MAX_UTC_OFFSET_MINUTES..=MAX_UTC_OFFSET_MINUTES,
    ) {
        for period in Period::ALL {
            let (got, wanted) = (period.span(now_ms, offset), span(period, now_ms, offset));
            prop_assert_eq!(got, wanted, "{:?}", period);
        }
    }

    #[test]
    fn no_time_is_too_far_and_spans_join(
        now_ms in 0..=limiter_core::EXACT,
        offset in -MAX_UTC_OFFSET_MINUTES..=MAX_UTC_OFFSET_MINUTES,
    ) {
        for period in Period::ALL {
            let (span, wanted) = (period.span(now_ms, offset), span(period, now_ms, offset));
            prop_assert_eq!(span, wanted, "{:?}", period);
            let now = i64::try_from(now_ms).unwrap();
            prop_assert!(span.start_ms <= now && now_ms < span.end_ms);
            if span.end_ms <= limiter_core::EXACT {
                prop_assert_eq!(period.span(span.end_ms, offset).start_ms, i64::try_from(span.end_ms).unwrap());
            }
        }
    }
}
