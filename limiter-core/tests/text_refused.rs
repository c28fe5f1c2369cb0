//! Wrong texts, each with its error: the place, what is wrong there, what is accepted.
#![expect(clippy::expect_used, reason = "a test may panic")]

use std::fmt::Debug;
use std::str::FromStr;

use limiter_core::{Algorithm, Limit, LimitSet, ParseError, Period, Quota};

/// A text, the byte that the error points at, the problem, and what is accepted.
type Row = (&'static str, usize, &'static str, &'static str);

const A_LIMIT: &str = "a limit such as 5/min, fixed 1000/day, log 3/10s, bucket 10/s burst 20, or unlimited";
const AN_ALGORITHM: &str = "fixed, sliding, log or bucket before the number, or unlimited";
const A_NUMBER: &str = "a number of units, such as 5";
const A_BURST: &str = "a number of units, such as burst 20";
const WHOLE: &str = "whole numbers, with single _ between digits where wanted: 5 or 1_000";
const A_WINDOW: &str = "a window after the number, such as /min or per 2 hours";
const UNITS: &str = "ms, s, sec, second(s), min, minute(s), h, hour(s), d, day(s), w, week(s)";
const MINUTES: &str = "min for minutes; months are periods of quotas";
const NO_CALENDAR: &str = "ms to week(s); calendar months and years are periods of quotas";
const WINDOW: &str = "1 ms to 366 days";
const UNITS_UP_TO: &str = "0 to 2^53 - 1";
const MAX_TIMES_WINDOW: &str = "max times window in ms up to 2^53 - 1";
const OR_DENIED: &str = "counting denied, or nothing more";
const NOTHING: &str = "nothing more";
const ANOTHER: &str = "a limit, such as 60/hour, or no ; after the last";
const EACH_ONCE: &str = "each algorithm and window once in a set";
const AN_AMOUNT: &str = "an amount, such as 1_000_000 or 50 GiB";
const BYTES: &str = "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, or no unit";
const A_PERIOD: &str = "a period after the amount, such as /day or per month";
const PERIODS: &str = "hour, day, week, month or year";
const OFFSET: &str = "+HH:MM, -HH:MM, UTC or Z";
const OFFSETS: &str = "-18:00 to +18:00";
const ALGORITHMS: &str = "fixed_window, sliding_window, sliding_log, token_bucket or unlimited";

const LIMITS: &[Row] = &[
    ("", 0, "expected a limit, found the end of the text", A_LIMIT),
    ("  ", 2, "expected a limit, found the end of the text", A_LIMIT),
    ("/min", 0, "expected a limit, found \"/\"", A_LIMIT),
    ("-5/min", 0, "expected a limit, found \"-\"", A_LIMIT),
    ("_5/min", 0, "expected a limit, found \"_\"", A_LIMIT),
    ("five/min", 0, "unknown algorithm \"five\"", AN_ALGORITHM),
    ("window 5/min", 0, "unknown algorithm \"window\"", AN_ALGORITHM),
    ("unlimitedd", 0, "unknown algorithm \"unlimitedd\"", AN_ALGORITHM),
    ("５/min", 0, "unknown algorithm \"５\"", AN_ALGORITHM),
    ("fixed", 5, "expected a number, found the end of the text", A_NUMBER),
    ("sliding log 5/min", 8, "expected a number, found \"log\"", A_NUMBER),
    ("log -3/s", 4, "expected a number, found \"-\"", A_NUMBER),
    ("5.5/min", 0, "not a whole number: \"5.5\"", WHOLE),
    ("5,000/min", 0, "not a whole number: \"5,000\"", WHOLE),
    ("1__0/min", 0, "not a whole number: \"1__0\"", WHOLE),
    ("5_/min", 0, "not a whole number: \"5_\"", WHOLE),
    ("1_", 0, "not a whole number: \"1_\"", WHOLE),
    ("5/1.5h", 2, "not a whole number: \"1.5\"", WHOLE),
    ("5", 1, "expected / or per, found the end of the text", A_WINDOW),
    ("5 min", 2, "expected / or per, found \"min\"", A_WINDOW),
    ("1e6/min", 1, "expected / or per, found \"e\"", A_WINDOW),
    ("5 5/min", 2, "expected / or per, found \"5\"", A_WINDOW),
    ("5permin", 1, "expected / or per, found \"permin\"", A_WINDOW),
    ("5/", 2, "expected a unit, found the end of the text", UNITS),
    ("5 per", 5, "expected a unit, found the end of the text", UNITS),
    ("5/2", 3, "expected a unit, found the end of the text", UNITS),
    ("5//min", 2, "expected a unit, found \"/\"", UNITS),
    ("5/mim", 2, "unknown unit \"mim\"", UNITS),
    ("5 / 2 minuten", 6, "unknown unit \"minuten\"", UNITS),
    ("5/µs", 2, "unknown unit \"µs\"", UNITS),
    ("5/min\u{a0}", 2, "unknown unit \"min\\u{a0}\"", UNITS),
    ("5/m", 2, "ambiguous unit \"m\"", MINUTES),
    ("5/2M", 3, "ambiguous unit \"M\"", MINUTES),
    ("5/month", 2, "no fixed length in unit \"month\"", NO_CALENDAR),
    ("5/2 years", 4, "no fixed length in unit \"years\"", NO_CALENDAR),
    ("5/0min", 2, "window is \"0min\"", WINDOW),
    ("5/367 days", 2, "window is \"367 days\"", WINDOW),
    ("5 per 53 weeks", 6, "window is \"53 weeks\"", WINDOW),
    ("5/99999999999999999999ms", 2, "window is \"99999999999999999999ms\"", WINDOW),
    ("5/18014398509481985w", 2, "window is \"18014398509481985w\"", WINDOW),
    ("5/18446744073709551615w", 2, "window is \"18446744073709551615w\"", WINDOW),
    ("fixed 9007199254740992/s", 6, "max is \"9007199254740992\"", UNITS_UP_TO),
    ("18446744073709551616/s", 0, "max is \"18446744073709551616\"", UNITS_UP_TO),
    ("104249992/day", 0, "max is \"104249992\"", MAX_TIMES_WINDOW),
    ("bucket 104_249_992/day", 7, "max is \"104_249_992\"", MAX_TIMES_WINDOW),
    ("log 10001/s", 4, "max is \"10001\"", "0 to 10000 for a sliding log"),
    ("bucket 0/s", 7, "max is \"0\"", "at least 1 for a token bucket"),
    ("bucket 10/s burst 0", 18, "burst is \"0\"", "1 to 2^53 - 1 for a token bucket"),
    (
        "bucket 10/s burst 99999999999999999999",
        18,
        "burst is \"99999999999999999999\"",
        "1 to 2^53 - 1 for a token bucket",
    ),
    (
        "bucket 10/s burst 9007199254741",
        18,
        "burst is \"9007199254741\"",
        "burst times window in ms up to 2^53 - 1",
    ),
    ("bucket 10/s burst", 17, "expected a number, found the end of the text", A_BURST),
    ("bucket 10/s burst x", 18, "expected a number, found \"x\"", A_BURST),
    ("bucket 10/s burst 2.5", 18, "not a whole number: \"2.5\"", WHOLE),
    (
        "5/min burst 10",
        6,
        "not a token bucket, so no \"burst\"",
        "burst after a bucket only, such as bucket 10/s burst 20",
    ),
    (
        "log 3/10s counting denied",
        10,
        "a sliding log can't be \"counting denied\"",
        "counting denied after a sliding window, fixed or bucket",
    ),
    ("5/min counting", 14, "expected denied, found the end of the text", "counting denied"),
    ("5/min counting all", 15, "expected denied, found \"all\"", "counting denied"),
    ("5/min x", 6, "unexpected \"x\"", OR_DENIED),
    ("fixed 5/min/", 11, "unexpected \"/\"", OR_DENIED),
    ("5/min 60/hour", 6, "unexpected \"60\"", OR_DENIED),
    ("5/min \"", 6, "unexpected \"\\\"\"", OR_DENIED),
    ("5/min\0", 5, "unexpected \"\\0\"", OR_DENIED),
    ("bucket 10/s burst 5 burst 6", 20, "unexpected \"burst\"", OR_DENIED),
    ("bucket 10/s x", 12, "unexpected \"x\"", "burst N, counting denied, or nothing more"),
    ("bucket 10/s counting denied burst 20", 28, "unexpected \"burst\"", NOTHING),
    ("5/min counting denied x", 22, "unexpected \"x\"", NOTHING),
    ("log 3/10s x", 10, "unexpected \"x\"", NOTHING),
    ("unlimited/min", 9, "unexpected \"/\"", NOTHING),
    ("5/min; 60/hour", 5, "unexpected \";\"", "one limit here; several are a limit set"),
];

const LIMIT_SETS: &[Row] = &[
    ("", 0, "expected a limit, found the end of the text", A_LIMIT),
    (";5/min", 0, "expected a limit, found \";\"", A_LIMIT),
    ("5/min;;60/hour", 6, "expected a limit, found \";\"", A_LIMIT),
    ("5/min;", 6, "expected a limit after ;, found the end of the text", ANOTHER),
    ("5/min ; ", 8, "expected a limit after ;, found the end of the text", ANOTHER),
    ("5/min; 60/hou", 10, "unknown unit \"hou\"", UNITS),
    ("5/min; fixed 6/min; 7/60s ; 8/s", 20, "the same counter as an earlier limit: \"7/60s\"", EACH_ONCE),
    ("unlimited;unlimited", 10, "the same counter as an earlier limit: \"unlimited\"", EACH_ONCE),
    ("5/min, 60/hour", 5, "unexpected \",\"", "counting denied, ; and another limit, or nothing more"),
    (
        "1/s; bucket 5/s 60/hour",
        16,
        "unexpected \"60\"",
        "burst N, counting denied, ; and another limit, or nothing more",
    ),
    ("log 5/min x", 10, "unexpected \"x\"", "; and another limit, or nothing more"),
];

const QUOTAS: &[Row] = &[
    ("", 0, "expected a number, found the end of the text", AN_AMOUNT),
    ("GiB/day", 0, "expected a number, found \"GiB\"", AN_AMOUNT),
    ("unlimited", 0, "expected a number, found \"unlimited\"", AN_AMOUNT),
    ("1.5 GiB/day", 0, "not a whole number: \"1.5\"", WHOLE),
    ("5 PB/day", 2, "unknown unit \"PB\"", BYTES),
    ("5 bytes/day", 2, "unknown unit \"bytes\"", BYTES),
    ("5 perday", 2, "unknown unit \"perday\"", BYTES),
    ("50 Gib/day", 3, "bits or bytes? Ambiguous unit \"Gib\"", BYTES),
    ("50 Mb/day", 3, "bits or bytes? Ambiguous unit \"Mb\"", BYTES),
    ("50kb/day", 2, "bits or bytes? Ambiguous unit \"kb\"", BYTES),
    ("50 b/day", 3, "bits or bytes? Ambiguous unit \"b\"", BYTES),
    ("50 Zb/day", 3, "unknown unit \"Zb\"", BYTES),
    ("50", 2, "expected / or per, found the end of the text", A_PERIOD),
    ("50 GiB day", 7, "expected / or per, found \"day\"", A_PERIOD),
    ("50 GiB/", 7, "expected a period, found the end of the text", PERIODS),
    ("50 GiB/2 days", 7, "expected a period, found \"2\"", PERIODS),
    ("50 GiB/min", 7, "unknown period \"min\"", PERIODS),
    ("50 GiB/m", 7, "ambiguous period \"m\"", PERIODS),
    ("16777217 TiB/day", 0, "max is \"16777217 TiB\"", UNITS_UP_TO),
    ("8192 TiB/day", 0, "max is \"8192 TiB\"", UNITS_UP_TO),
    ("9_007_199_254_740_992/day", 0, "max is \"9_007_199_254_740_992\"", UNITS_UP_TO),
    ("99999999999999999999 TiB/day", 0, "max is \"99999999999999999999 TiB\"", UNITS_UP_TO),
    ("50/day at", 9, "expected an offset from UTC, found the end of the text", OFFSET),
    ("50/day at 05:30", 10, "expected an offset from UTC, found \"05:30\"", OFFSET),
    ("50/day at +5:30", 10, "expected an offset from UTC, found \"+5:30\"", OFFSET),
    ("50/day at +05:60", 10, "expected an offset from UTC, found \"+05:60\"", OFFSET),
    ("50/day at +a5:00", 10, "expected an offset from UTC, found \"+a5:00\"", OFFSET),
    ("50/day at +:5:00", 10, "expected an offset from UTC, found \"+:5:00\"", OFFSET),
    ("50/day at +0a:00", 10, "expected an offset from UTC, found \"+0a:00\"", OFFSET),
    ("50/day at +05-30", 10, "expected an offset from UTC, found \"+05-30\"", OFFSET),
    ("50/day at UTC+1", 10, "expected an offset from UTC, found \"UTC+1\"", OFFSET),
    ("50/day at −05:00", 10, "expected an offset from UTC, found \"−05:00\"", OFFSET),
    ("50/day at +18:01", 10, "offset is \"+18:01\"", OFFSETS),
    ("50/day at -99:59", 10, "offset is \"-99:59\"", OFFSETS),
    ("50/day +05:30", 7, "unexpected \"+\"", "at +HH:MM, or nothing more"),
    ("50/day at UTC x", 14, "unexpected \"x\"", NOTHING),
];

const NAMES_OF_PERIODS: &[Row] = &[
    ("", 0, "expected a period, found the end of the text", PERIODS),
    ("2 days", 0, "expected a period, found \"2\"", PERIODS),
    ("min", 0, "unknown period \"min\"", PERIODS),
    ("m", 0, "ambiguous period \"m\"", PERIODS),
    ("day x", 4, "unexpected \"x\"", NOTHING),
];

const NAMES_OF_ALGORITHMS: &[Row] = &[
    ("", 0, "expected an algorithm, found the end of the text", ALGORITHMS),
    (" fixed", 1, "unknown algorithm \"fixed\"", ALGORITHMS),
    ("token bucket", 0, "unknown algorithm \"token bucket\"", ALGORITHMS),
];

fn refuses<T: FromStr<Err = ParseError> + Debug>(rows: &[Row]) {
    for (text, at, problem, accepted) in rows {
        let error = text.parse::<T>().expect_err(text);
        let wanted = format!("{text:?} at byte {at}: {problem}; accepted: {accepted}");
        assert_eq!(error.to_string(), wanted);
        assert_eq!((error.at(), error.problem(), error.accepted()), (*at, *problem, *accepted));
    }
}

#[test]
fn wrong_limits_say_where_and_what() {
    refuses::<Limit>(LIMITS);
}

#[test]
fn wrong_limit_sets_say_where_and_what() {
    refuses::<LimitSet>(LIMIT_SETS);
}

#[test]
fn wrong_quotas_say_where_and_what() {
    refuses::<Quota>(QUOTAS);
}

#[test]
fn wrong_names_say_where_and_what() {
    refuses::<Period>(NAMES_OF_PERIODS);
    refuses::<Algorithm>(NAMES_OF_ALGORITHMS);
}

#[test]
fn a_number_of_any_length_is_read_whole() {
    for zeros in 16..200 {
        let number = format!("1{}", "0".repeat(zeros));
        let error = format!("fixed {number}/s").parse::<Limit>().unwrap_err();
        assert_eq!((error.at(), error.accepted()), (6, UNITS_UP_TO), "{number}");
        let error = format!("{number} kB/day").parse::<Quota>().unwrap_err();
        assert_eq!((error.at(), error.accepted()), (0, UNITS_UP_TO), "{number}");
        let error = format!("5/{number}w").parse::<Limit>().unwrap_err();
        assert_eq!((error.at(), error.accepted()), (2, WINDOW), "{number}");
    }
}

#[test]
fn of_a_long_text_the_surroundings_are_shown() {
    let error = format!("5/min; 5/mim; {}", "x".repeat(500)).parse::<LimitSet>().unwrap_err();
    let shown = format!("\"5/min; 5/mim; {}\"… at byte 9: unknown unit \"mim\"", "x".repeat(55));
    assert_eq!(error.to_string(), format!("{shown}; accepted: {UNITS}"));

    let error = format!("{}min", " ".repeat(61)).parse::<Limit>().unwrap_err();
    let shown = format!("…\"{}min\" at byte 61: unknown algorithm \"min\"", " ".repeat(60));
    assert_eq!(error.to_string(), format!("{shown}; accepted: {AN_ALGORITHM}"));
}

#[test]
fn no_character_is_cut() {
    let error = format!("x{}", "é".repeat(300)).parse::<Limit>().unwrap_err();
    let letters = "é".repeat(29);
    let shown = format!("\"x{letters}\"… at byte 0: unknown algorithm \"x{letters}\"…");
    assert_eq!(error.to_string(), format!("{shown}; accepted: {AN_ALGORITHM}"));
}
