//! What is written is read back the same, and no text breaks the parser.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use limiter_core::{Algorithm, EXACT, Limit, LimitSet, MAX_LOG_UNITS, ParseError, Period, Quota};
use proptest::prelude::*;

const MAX_WINDOW_MS: u64 = 366 * 86_400_000;

/// Windows of every unit and of none in particular.
fn window_ms() -> impl Strategy<Value = u64> {
    let unit = prop::sample::select(vec![1, 1000, 60_000, 3_600_000, 86_400_000, 604_800_000]);
    prop_oneof![
        1..=MAX_WINDOW_MS,
        (unit, 1_u64..100).prop_map(|(unit, count)| (unit * count).min(MAX_WINDOW_MS)),
    ]
}

fn limit() -> impl Strategy<Value = Limit> {
    (0..5, window_ms(), any::<u64>(), prop::option::of(any::<u64>()), any::<bool>()).prop_map(
        |(algorithm, window_ms, max, burst, denied)| {
            let window = Duration::from_millis(window_ms);
            let most = EXACT / window_ms;
            let limit = match algorithm {
                0 => Limit::fixed_window(max % (EXACT + 1), window),
                1 => Limit::sliding_window(max % (most + 1), window),
                2 => Limit::sliding_log(max % (MAX_LOG_UNITS + 1), window),
                3 => Limit::token_bucket(1 + max % most, window),
                _ => return Limit::UNLIMITED,
            };
            let mut limit = limit.unwrap();
            if let (Algorithm::TokenBucket, Some(burst)) = (limit.algorithm(), burst) {
                limit = limit.with_burst(1 + burst % most).unwrap();
            }
            if denied {
                limit = limit.counting_denied().unwrap_or(limit);
            }
            limit
        },
    )
}

fn limit_set() -> impl Strategy<Value = LimitSet> {
    prop::collection::vec(limit(), 1..8)
        .prop_filter_map("two limits of one counter", |limits| LimitSet::new(limits).ok())
}

fn quota() -> impl Strategy<Value = Quota> {
    let unit = prop::sample::select(vec![1, 1 << 10, 1_000_000, 1 << 20, 1_000_000_000, 1 << 30, 1 << 40]);
    let max = prop_oneof![0..=EXACT, (unit, 0_u64..8000).prop_map(|(unit, count)| unit * count)];
    (max, prop::sample::select(Period::ALL.to_vec()), -1080..=1080_i16).prop_map(|(max, period, minutes)| {
        let quota = Quota::new(max, period).unwrap();
        quota.with_utc_offset_minutes(minutes).unwrap()
    })
}

/// Texts that get far into the grammar before they break.
fn near_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "5",
        "1_0",
        "1.5",
        "99999999999999999999",
        "0",
        "_",
        "/",
        "per",
        "min",
        "m",
        "month",
        "ms",
        "day",
        "week",
        "fixed",
        "sliding",
        "log",
        "bucket",
        "unlimited",
        "burst",
        "counting",
        "denied",
        ";",
        ",",
        "at",
        "+05:30",
        "-19:00",
        "UTC",
        "GiB",
        "Gib",
        "kB",
        "TB",
        " ",
        "\n",
        "\u{a0}",
        "é",
        "\0",
        "+",
        "-",
    ]);
    prop::collection::vec((word, any::<bool>()), 0..10).prop_map(|words| {
        let mut text = String::new();
        for (word, spaced) in words {
            text.push_str(word);
            if spaced {
                text.push(' ');
            }
        }
        text
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![near_text(), any::<String>()]
}

/// An error points into its text, at a character's start.
fn check_place(text: &str, error: &ParseError) {
    assert!(text.is_char_boundary(error.at()), "{error}");
    assert!(!error.problem().is_empty() && !error.accepted().is_empty(), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_limit_is_read_back(limit in limit()) {
        prop_assert_eq!(limit.to_string().parse(), Ok(limit));
    }

    #[test]
    fn a_limit_is_read_back_in_capitals(limit in limit()) {
        prop_assert_eq!(limit.to_string().to_uppercase().parse(), Ok(limit));
    }

    #[test]
    fn a_limit_set_is_read_back(limits in limit_set()) {
        prop_assert_eq!(limits.to_string().parse(), Ok(limits));
    }

    #[test]
    fn a_quota_is_read_back(quota in quota()) {
        prop_assert_eq!(quota.to_string().parse(), Ok(quota));
    }

    #[test]
    fn any_text_is_a_limit_or_an_error(text in any_text()) {
        match text.parse::<Limit>() {
            Ok(limit) => prop_assert_eq!(limit.to_string().parse(), Ok(limit)),
            Err(error) => check_place(&text, &error),
        }
    }

    #[test]
    fn any_text_is_a_limit_set_or_an_error(text in any_text()) {
        match text.parse::<LimitSet>() {
            Ok(limits) => prop_assert_eq!(limits.to_string().parse(), Ok(limits)),
            Err(error) => check_place(&text, &error),
        }
    }

    #[test]
    fn any_text_is_a_quota_or_an_error(text in any_text()) {
        match text.parse::<Quota>() {
            Ok(quota) => prop_assert_eq!(quota.to_string().parse(), Ok(quota)),
            Err(error) => check_place(&text, &error),
        }
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in any_text()) {
        if let Err(error) = text.parse::<Period>() {
            check_place(&text, &error);
        }
        if let Err(error) = text.parse::<Algorithm>() {
            check_place(&text, &error);
        }
    }
}
