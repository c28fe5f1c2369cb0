//! What breaks a rule is refused when it is built, by an error that names the field, the value and what is
//! accepted.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use limiter_core::{
    Charge, EXACT, Error, ErrorKind, Key, Lease, LeaseId, LeaseRequest, Limit, Period, Quota, QuotaCharge,
    Receipt, Reservation, ReservationId, Scope, Settlement, Source, check_amount, check_charges,
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn key(subject: &str) -> Key {
    Key::new("chat", subject).unwrap()
}

fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|at| key(&at.to_string())).collect()
}

fn id() -> LeaseId {
    LeaseId::parse("lease-1").unwrap()
}

/// What was refused, and the words that its error must hold: field, value, what is accepted.
type Case = (Option<Error>, &'static [&'static str]);

fn refused<T, E: Into<Error>>(built: Result<T, E>) -> Option<Error> {
    built.err().map(Into::into)
}

fn check(cases: impl IntoIterator<Item = Case>) {
    for (error, words) in cases {
        let error = error.unwrap_or_else(|| panic!("accepted, where {words:?} was wanted"));
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{error} doesn't say {word:?}");
        }
        assert!(error.to_string().contains("accepted: "), "{error}");
    }
}

#[test]
fn spaces_subjects_and_partitions() {
    check([
        (refused(Key::all("")), &["key space", "\"\"", "1 to 64 of A-Z a-z 0-9 _ . -"] as &[_]),
        (refused(Key::all("no spaces")), &["key space", "no spaces"]),
        (refused(Key::all("a:b")), &["key space", "a:b"]),
        (refused(Key::all("é")), &["key space", "é"]),
        (refused(Key::all(&"s".repeat(65))), &["key space", "ssss", "1 to 64"]),
        (refused(Key::new("chat", &"u".repeat(513))), &["key subject", "513 bytes", "0 to 512 bytes"]),
        (refused(Key::new("chat", &"é".repeat(257))), &["key subject", "514 bytes"]),
        (refused(key("u").with_partition("")), &["key partition", "0 bytes", "1 to 512 bytes"]),
        (refused(key("u").with_partition(&"p".repeat(513))), &["key partition", "513 bytes"]),
    ]);
    let error = Key::new("chat", &"secret".repeat(100)).unwrap_err();
    assert!(!error.to_string().contains("secret"), "a subject is nobody's business: {error}");
}

#[test]
fn limits() {
    let window = |ms| Limit::fixed_window(1, Duration::from_millis(ms));
    let bucket = |max, window| Limit::token_bucket(max, window);
    let exact_days = EXACT / 86_400_000;
    check([
        (refused(window(0)), &["window", "0", "1 ms to 366 days"] as &[_]),
        (refused(window(366 * 86_400_000 + 1)), &["window", "31622400001", "1 ms to 366 days"]),
        (refused(Limit::fixed_window(1, Duration::MAX)), &["window", "accepted"]),
        (
            refused(Limit::fixed_window(1, Duration::from_micros(1_500))),
            &["window", "1500000", "whole milliseconds"],
        ),
        (refused(Limit::fixed_window(EXACT + 1, MINUTE)), &["max", "9007199254740992", "2^53 - 1"]),
        (refused(Limit::fixed_window(u64::MAX, MINUTE)), &["max", "18446744073709551615"]),
        (refused(Limit::sliding_window(exact_days + 1, DAY)), &["max", "104249992", "max times window"]),
        (refused(Limit::sliding_window(u64::MAX, DAY)), &["max", "18446744073709551615"]),
        (refused(Limit::sliding_log(10_001, MINUTE)), &["max", "10001", "0 to 10000"]),
        (refused(bucket(0, MINUTE)), &["max", "0", "at least 1 for a token bucket"]),
        (refused(bucket(exact_days + 1, DAY)), &["max", "104249992", "max times window"]),
        (refused(bucket(1, DAY).and_then(|l| l.with_burst(0))), &["burst", "0", "1 to 2^53 - 1"]),
        (
            refused(bucket(1, DAY).and_then(|l| l.with_burst(exact_days + 1))),
            &["burst", "104249992", "burst times window"],
        ),
        (refused(bucket(1, DAY).and_then(|l| l.with_burst(u64::MAX))), &["burst", "18446744073709551615"]),
        (
            refused(Limit::fixed_window(1, DAY).and_then(|l| l.with_burst(2))),
            &["burst", "2", "only for a token bucket"],
        ),
        (
            refused(Limit::sliding_log(1, DAY).and_then(Limit::counting_denied)),
            &["count_denied", "only for a fixed or sliding window"],
        ),
        (refused(Limit::UNLIMITED.counting_denied()), &["count_denied"]),
        (refused(Limit::UNLIMITED.with_burst(2)), &["burst"]),
    ]);
}

#[test]
fn the_largest_limits_that_are_exact_are_accepted() {
    let longest = 366 * DAY;
    assert!(Limit::fixed_window(EXACT, longest).is_ok());
    assert!(Limit::fixed_window(0, Duration::from_millis(1)).is_ok());
    assert!(Limit::sliding_window(EXACT / 86_400_000, DAY).is_ok());
    assert!(Limit::sliding_window(EXACT, Duration::from_millis(1)).is_ok());
    assert!(Limit::sliding_log(10_000, longest).is_ok());
    let burst = EXACT / (366 * 86_400_000);
    assert!(Limit::token_bucket(1, longest).unwrap().with_burst(burst).is_ok());
    assert!(Limit::token_bucket(1, longest).unwrap().with_burst(burst + 1).is_err());
}

#[test]
fn quotas() {
    let day = Quota::new(1, Period::Day).unwrap();
    check([
        (refused(Quota::new(EXACT + 1, Period::Day)), &["max", "9007199254740992", "0 to 2^53 - 1"] as &[_]),
        (refused(day.with_utc_offset_minutes(1_081)), &["utc offset", "1081", "1080 (18 h)"]),
        (refused(day.with_utc_offset_minutes(-1_081)), &["utc offset", "1081", "1080 (18 h)"]),
        (refused(day.with_utc_offset_minutes(i16::MIN)), &["utc offset", "32768"]),
    ]);
    for offset in [-1_080, 1_080] {
        assert_eq!(day.with_utc_offset_minutes(offset).unwrap().utc_offset_minutes(), offset);
    }
}

#[test]
fn charges() {
    let (limit, raised) = (Limit::fixed_window(5, MINUTE).unwrap(), Limit::fixed_window(9, MINUTE).unwrap());
    let (keys, other) = (keys(65), Limit::fixed_window(5, DAY).unwrap());
    let many: Vec<_> = keys.iter().map(|key| Charge::new(key, &limit)).collect();
    let twice = [Charge::new(&keys[0], &limit), many[1], Charge::new(&keys[0], &raised)];
    check([
        (refused(check_charges(&[])), &["number of charges", "0", "1 to 64"] as &[_]),
        (refused(check_charges(&many)), &["number of charges", "65", "1 to 64"]),
        (
            refused(check_charges(&[many[0].with_cost(EXACT + 1)])),
            &["cost", "9007199254740992", "9007199254740991"],
        ),
        (
            refused(Receipt::new(Source::Store).add(&many[0].with_cost(EXACT + 1), 0)),
            &["cost", "9007199254740992", "9007199254740991"],
        ),
        (refused(check_charges(&[many[0], many[1].with_cost(u64::MAX)])), &["cost", "18446744073709551615"]),
        (refused(check_charges(&twice)), &["charges", "0 and 2", "\"chat\"", "once in a call"]),
        (refused(check_amount("amount", i64::MAX.unsigned_abs())), &["amount", "9223372036854775807"]),
    ]);
    assert!(check_charges(&many[..64]).is_ok());
    assert!(check_charges(&[many[0].with_cost(EXACT), Charge::new(&keys[0], &other)]).is_ok());
}

#[test]
fn leases() {
    let scopes = |count: usize| keys(count).into_iter().map(|key| Scope::new(key, 1)).collect::<Vec<_>>();
    let request = |ttl| LeaseRequest::new(scopes(1), ttl);
    let twice = [Scope::new(key("u"), 1), Scope::new(key("u"), 2)];
    let over = [Scope::new(key("u"), EXACT + 1)];
    check([
        (refused(LeaseRequest::new([], MINUTE)), &["number of scopes", "0", "1 to 64"] as &[_]),
        (refused(LeaseRequest::new(scopes(65), MINUTE)), &["number of scopes", "65"]),
        (refused(LeaseRequest::new(twice, MINUTE)), &["scopes", "0 and 1", "each key once"]),
        (refused(LeaseRequest::new(over, MINUTE)), &["cap", "9007199254740992"]),
        (refused(request(Duration::ZERO)), &["ttl", "0ns", "1 ms to 30 days"]),
        (refused(request(Duration::from_micros(999))), &["ttl", "999µs", "1 ms to 30 days"]),
        (refused(request(30 * DAY + Duration::from_millis(1))), &["ttl", "2592000.001s", "1 ms to 30 days"]),
        (refused(request(Duration::MAX)), &["ttl", "1 ms to 30 days"]),
        (refused(request(MINUTE).unwrap().with_permits(0)), &["permits", "0", "1 to 9007199254740991"]),
        (refused(request(MINUTE).unwrap().with_permits(EXACT + 1)), &["permits", "9007199254740992"]),
        (refused(Lease::new(id(), [], MINUTE)), &["number of keys", "0", "1 to 64"]),
        (refused(Lease::new(id(), keys(65), MINUTE)), &["number of keys", "65"]),
        (refused(Lease::new(id(), [key("u"), key("u")], MINUTE)), &["keys", "0 and 1", "each key once"]),
        (refused(Lease::new(id(), keys(1), Duration::ZERO)), &["ttl", "1 ms to 30 days"]),
        (refused(Lease::new(id(), keys(1), 31 * DAY)), &["ttl", "1 ms to 30 days"]),
    ]);
    assert!(LeaseRequest::new(scopes(64), 30 * DAY).unwrap().with_permits(EXACT).is_ok());
    assert!(Lease::new(id(), keys(64), Duration::from_millis(1)).is_ok());
}

#[test]
fn ids() {
    let wrong = ["", "a b", "a.b", "é", "\0", &"i".repeat(65)];
    for text in wrong {
        let accepted = &["id", "1 to 64 of A-Z a-z 0-9 _ -"] as &[_];
        check([(refused(LeaseId::parse(text)), accepted), (refused(ReservationId::parse(text)), accepted)]);
    }
    assert!(LeaseId::parse(&"aZ09_-".repeat(10)).is_ok());
    assert_ne!(ReservationId::random().unwrap(), ReservationId::random().unwrap());
    assert!(LeaseId::parse(LeaseId::random().unwrap().as_str()).is_ok());
}

#[test]
fn reservations_and_settlements() {
    let quota = |max| Quota::new(max, Period::Day).unwrap();
    let charges = |count: usize| {
        let charge = |key| QuotaCharge::new(key, quota(9), 1);
        keys(count).into_iter().map(charge).collect::<Vec<_>>()
    };
    let over = [QuotaCharge::new(key("u"), quota(9), EXACT + 1)];
    let twice = [QuotaCharge::new(key("u"), quota(9), 1), QuotaCharge::new(key("u"), quota(8), 1)];
    let settle = |charges: Vec<_>| Settlement::new(ReservationId::parse("res-1").unwrap(), charges);
    let reserved = Reservation::new(charges(2), MINUTE).unwrap();
    check([
        (refused(Reservation::new([], MINUTE)), &["number of charges", "0", "1 to 64"] as &[_]),
        (refused(Reservation::new(charges(65), MINUTE)), &["number of charges", "65"]),
        (refused(Reservation::new(over.clone(), MINUTE)), &["amount", "9007199254740992"]),
        (
            refused(Reservation::new(twice.clone(), MINUTE)),
            &["charges", "0 and 1", "each key, period and offset once"],
        ),
        (refused(Reservation::new(charges(1), Duration::ZERO)), &["ttl", "1 ms to 30 days"]),
        (refused(Reservation::new(charges(1), 31 * DAY)), &["ttl", "1 ms to 30 days"]),
        (refused(settle(vec![])), &["number of charges", "0"]),
        (refused(settle(charges(65))), &["number of charges", "65"]),
        (refused(settle(over.to_vec())), &["amount", "9007199254740992"]),
        (refused(settle(twice.to_vec())), &["charges", "0 and 1"]),
        (refused(reserved.settlement(&[1])), &["number of amounts", "1", "2, one for each charge"]),
        (refused(reserved.settlement(&[1, EXACT + 1])), &["amount", "9007199254740992"]),
    ]);
    assert!(Reservation::new(charges(64), 30 * DAY).is_ok());
    assert_eq!(reserved.settlement(&[3, 0]).unwrap().charges()[0].amount(), 3);
}
