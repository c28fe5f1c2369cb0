//! Every form that limits, quotas and periods are read from, and the one that they are written in.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use limiter_core::{Algorithm, EXACT, Error, ErrorKind, Limit, ParseError, Period, Quota, limit, quota};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn sliding(max: u64, window: Duration) -> Limit {
    Limit::sliding_window(max, window).unwrap()
}

fn fixed(max: u64, window: Duration) -> Limit {
    Limit::fixed_window(max, window).unwrap()
}

fn bucket(max: u64, window: Duration) -> Limit {
    Limit::token_bucket(max, window).unwrap()
}

/// What is read, as what, and how that is written.
fn limits() -> Vec<(&'static str, Limit, &'static str)> {
    let minute = sliding(5, MINUTE);
    let burst = bucket(10, SECOND).with_burst(20).unwrap();
    let denied = minute.counting_denied().unwrap();
    let log = Limit::sliding_log(3, 10 * SECOND).unwrap();
    vec![
        ("5/min", minute, "5/min"),
        ("sliding 5/min", minute, "5/min"),
        ("SLIDING 5/MIN", minute, "5/min"),
        ("5 / min", minute, "5/min"),
        (" \t5\n/\r1 min ", minute, "5/min"),
        ("5 per minute", minute, "5/min"),
        ("5 Per Minute", minute, "5/min"),
        ("5/1min", minute, "5/min"),
        ("5/60s", minute, "5/min"),
        ("5/60000ms", minute, "5/min"),
        ("5 per 60 seconds", minute, "5/min"),
        ("005/001min", minute, "5/min"),
        ("60/hour", sliding(60, HOUR), "60/hour"),
        ("100 per 2 minutes", sliding(100, 2 * MINUTE), "100/2min"),
        ("100/120s", sliding(100, 2 * MINUTE), "100/2min"),
        ("100/90s", sliding(100, 90 * SECOND), "100/90s"),
        ("7/36h", sliding(7, 36 * HOUR), "7/36h"),
        ("7/48h", sliding(7, 2 * DAY), "7/2d"),
        ("7/14d", sliding(7, 14 * DAY), "7/2w"),
        ("7/366d", sliding(7, 366 * DAY), "7/366d"),
        ("5 / 100ms", sliding(5, Duration::from_millis(100)), "5/100ms"),
        ("5/1500ms", sliding(5, Duration::from_millis(1500)), "5/1500ms"),
        ("0/min", sliding(0, MINUTE), "0/min"),
        ("1_000_000/min", sliding(1_000_000, MINUTE), "1000000/min"),
        ("9_007_199_254_740/s", sliding(9_007_199_254_740, SECOND), "9007199254740/s"),
        ("9007199254740991/ms", sliding(EXACT, Duration::from_millis(1)), "9007199254740991/ms"),
        ("5/min counting denied", denied, "5/min counting denied"),
        ("5/min Counting  Denied", denied, "5/min counting denied"),
        ("fixed 1000/day", fixed(1000, DAY), "fixed 1000/day"),
        ("Fixed1000/Day", fixed(1000, DAY), "fixed 1000/day"),
        ("fixed 9007199254740991/week", fixed(EXACT, 7 * DAY), "fixed 9007199254740991/week"),
        (
            "fixed 1/h counting denied",
            fixed(1, HOUR).counting_denied().unwrap(),
            "fixed 1/hour counting denied",
        ),
        ("log 3/10s", log, "log 3/10s"),
        ("log 10000/s", Limit::sliding_log(10_000, SECOND).unwrap(), "log 10000/s"),
        ("bucket 10/s", bucket(10, SECOND), "bucket 10/s"),
        ("bucket 10/s burst 10", bucket(10, SECOND), "bucket 10/s"),
        ("bucket 10/s burst 20", burst, "bucket 10/s burst 20"),
        ("BUCKET 10/S BURST 20", burst, "bucket 10/s burst 20"),
        ("bucket 10/s burst20", burst, "bucket 10/s burst 20"),
        ("bucket 10/s burst 1", bucket(10, SECOND).with_burst(1).unwrap(), "bucket 10/s burst 1"),
        (
            "bucket 10/s burst 20 counting denied",
            burst.counting_denied().unwrap(),
            "bucket 10/s burst 20 counting denied",
        ),
        ("unlimited", Limit::UNLIMITED, "unlimited"),
        (" UnLimited ", Limit::UNLIMITED, "unlimited"),
    ]
}

#[test]
fn limits_are_read_and_written() {
    for (text, limit, written) in limits() {
        assert_eq!(text.parse(), Ok(limit), "{text:?}");
        assert_eq!(limit.to_string(), written, "{text:?}");
        assert_eq!(written.parse(), Ok(limit), "{written:?}");
    }
}

#[test]
fn every_unit_of_a_window_is_read() {
    let units: [(u64, &[&str]); 6] = [
        (1, &["ms", "millisecond", "milliseconds"]),
        (1000, &["s", "sec", "secs", "second", "seconds"]),
        (60_000, &["min", "mins", "minute", "minutes"]),
        (3_600_000, &["h", "hr", "hour", "hours"]),
        (86_400_000, &["d", "day", "days"]),
        (604_800_000, &["w", "week", "weeks"]),
    ];
    for (unit_ms, names) in units {
        for name in names {
            let one: Limit = format!("5/{name}").parse().unwrap();
            let seven: Limit = format!("5 per 7 {}", name.to_uppercase()).parse().unwrap();
            assert_eq!((one.window_ms(), seven.window_ms()), (unit_ms, 7 * unit_ms), "{name}");
        }
    }
}

fn quota_of(max: u64, period: Period, minutes: i16) -> Quota {
    let quota = Quota::new(max, period).unwrap();
    quota.with_utc_offset_minutes(minutes).unwrap()
}

fn quotas() -> Vec<(&'static str, Quota, &'static str)> {
    let day = quota_of(50 << 30, Period::Day, 0);
    let megabytes = |minutes| quota_of(10_000_000, Period::Week, minutes);
    vec![
        ("50 GiB/day", day, "50 GiB/day"),
        ("50GiB/day", day, "50 GiB/day"),
        (" 50 gib / DAYS ", day, "50 GiB/day"),
        ("50 GIB per day", day, "50 GiB/day"),
        ("51200 MiB/d", day, "50 GiB/day"),
        ("53687091200/day", day, "50 GiB/day"),
        ("53_687_091_200 B/day", day, "50 GiB/day"),
        ("50 GiB/day at UTC", day, "50 GiB/day"),
        ("50 GiB/day at z", day, "50 GiB/day"),
        ("50 GiB/day at +00:00", day, "50 GiB/day"),
        ("50 GiB/day at -00:00", day, "50 GiB/day"),
        ("10 MB per week at +05:30", megabytes(330), "10000000/week at +05:30"),
        ("10 mb per week At -08:00", megabytes(-480), "10000000/week at -08:00"),
        ("10 MB/week at -00:30", megabytes(-30), "10000000/week at -00:30"),
        ("10 MB/week at+18:00", megabytes(1080), "10000000/week at +18:00"),
        ("10 MB/week at -18:00", megabytes(-1080), "10000000/week at -18:00"),
        ("5 TB/year", quota_of(5_000_000_000_000, Period::Year, 0), "5000000000000/year"),
        ("3 TiB/yr", quota_of(3 << 40, Period::Year, 0), "3 TiB/year"),
        ("5 GB/y", quota_of(5_000_000_000, Period::Year, 0), "5000000000/year"),
        ("3 MiB/h", quota_of(3 << 20, Period::Hour, 0), "3 MiB/hour"),
        ("1024 GB/hours", quota_of(1_024_000_000_000, Period::Hour, 0), "1024000000000/hour"),
        ("4 KiB/hr", quota_of(4096, Period::Hour, 0), "4096/hour"),
        ("4 kB/w", quota_of(4000, Period::Week, 0), "4000/week"),
        ("4 KB/weeks", quota_of(4000, Period::Week, 0), "4000/week"),
        ("1000/month", quota_of(1000, Period::Month, 0), "1000/month"),
        ("1000 per month", quota_of(1000, Period::Month, 0), "1000/month"),
        ("1_500_001/mo", quota_of(1_500_001, Period::Month, 0), "1500001/month"),
        ("0 GiB/months", quota_of(0, Period::Month, 0), "0/month"),
        ("9007199254740991/years", quota_of(EXACT, Period::Year, 0), "9007199254740991/year"),
        ("8191 TiB/year", quota_of(8191 << 40, Period::Year, 0), "8191 TiB/year"),
    ]
}

#[test]
fn quotas_are_read_and_written() {
    for (text, quota, written) in quotas() {
        assert_eq!(text.parse(), Ok(quota), "{text:?}");
        assert_eq!(quota.to_string(), written, "{text:?}");
        assert_eq!(written.parse(), Ok(quota), "{written:?}");
    }
}

#[test]
fn names_are_read_and_written() {
    for period in Period::ALL {
        assert_eq!(period.to_string().parse(), Ok(period));
        assert_eq!(format!(" {period}S ").parse(), Ok(period));
    }
    let algorithms = [
        Algorithm::FixedWindow,
        Algorithm::SlidingWindow,
        Algorithm::SlidingLog,
        Algorithm::TokenBucket,
        Algorithm::Unlimited,
    ];
    for algorithm in algorithms {
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
}

#[test]
fn the_compiler_reads_the_same() {
    const PARTS: Limit = limit!(concat!("bucket 10/s", " burst 20"));
    static TRAFFIC: Quota = quota!("50 GiB/day at +05:30",);
    assert_eq!(PARTS, bucket(10, SECOND).with_burst(20).unwrap());
    assert_eq!(TRAFFIC, quota_of(50 << 30, Period::Day, 330));
    assert_eq!(limit!("unlimited"), Limit::UNLIMITED);
}

/// Within a constant the panic is the compiler's message: it says what the run-time error says.
#[test]
fn the_compiler_says_the_same() {
    for text in ["5/mim", "", "bucket 10/s burst 0", "unlimited 5/min"] {
        let error = text.parse::<Limit>().unwrap_err();
        assert_eq!(message_of(|| limiter_core::checked::limit(text)), error.to_string());
    }
    for text in ["50 Gib/day", "5/day at +19:00"] {
        let error = text.parse::<Quota>().unwrap_err();
        assert_eq!(message_of(|| limiter_core::checked::quota(text)), error.to_string());
    }
    let long = format!("5/{}", "x".repeat(2000));
    let message = message_of(|| limiter_core::checked::limit(&long));
    assert_eq!(message, format!("\"{long}")[..1024]);
    let cut = format!("5/xx{}", "é".repeat(2000));
    assert_eq!(message_of(|| limiter_core::checked::limit(&cut)), "unknown unit");
}

fn message_of<T: std::fmt::Debug>(read: impl FnOnce() -> T + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(read).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_parse_error_is_an_invalid_request() {
    let error: ParseError = "5/mim".parse::<Limit>().unwrap_err();
    let text = error.to_string();
    assert_eq!(error.problem(), "unknown unit \"mim\"");
    let error = Error::from(error);
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidRequest, &*text));
}
