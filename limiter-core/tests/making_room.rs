//! What a store needs to make room: what stands in a counter, and from when on it is as if never used.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use limiter_core::algorithm::{
    self, Counter, FixedWindow, LeaseBook, QuotaCounter, SETTLED_MEMORY_MS, SlidingLog, SlidingWindow,
    TokenBucket,
};
use limiter_core::{
    Charge, EXACT, Key, LeaseId, LeaseRequest, Limit, Period, Quota, QuotaCharge, Reservation, ReservationId,
    Scope, Settlement,
};

/// The start of an hour.
const NOW_MS: u64 = 1_700_002_800_000;
const HOUR_MS: u64 = 3_600_000;
const MINUTE: Duration = Duration::from_secs(60);

fn key() -> Key {
    Key::new("streams", "u1").unwrap()
}

fn lease_id(name: &str) -> LeaseId {
    LeaseId::parse(name).unwrap()
}

fn acquire(book: &mut [LeaseBook; 1], name: &str, ttl_ms: u64) {
    let request = LeaseRequest::new([Scope::new(key(), EXACT)], Duration::from_millis(ttl_ms)).unwrap();
    let granted = algorithm::acquire(book, &request.with_id(lease_id(name)), NOW_MS).unwrap();
    assert!(granted.is_acquired());
}

#[test]
fn a_book_tells_which_leases_stand_in_it_until_they_are_removed() {
    let mut book = [LeaseBook::default()];
    assert!(book[0].is_empty());
    assert_eq!((book[0].len(), book[0].first_expiry_ms()), (0, None));
    acquire(&mut book, "long", 3_000);
    acquire(&mut book, "short", 1_000);
    acquire(&mut book, "middle", 2_000);
    let [mut book] = book;
    assert!(!book.is_empty() && book.contains(&lease_id("short")) && !book.contains(&lease_id("other")));
    assert_eq!((book.len(), book.first_expiry_ms()), (3, Some(NOW_MS + 1_000)));

    book.drop_expired(NOW_MS + 999);
    assert_eq!(book.len(), 3, "a lease that is live was removed");
    book.drop_expired(NOW_MS + 1_000);
    assert_eq!((book.len(), book.first_expiry_ms()), (2, Some(NOW_MS + 2_000)));
    assert!(!book.contains(&lease_id("short")));
    book.drop_expired(NOW_MS + 9_000);
    assert!(book.is_empty());
}

#[test]
fn every_call_on_a_book_removes_what_has_run_out() {
    let mut book = [LeaseBook::default()];
    acquire(&mut book, "short", 1_000);
    acquire(&mut book, "long", 9_000);
    assert!(!algorithm::release(&mut book, &lease_id("other"), NOW_MS + 1_000));
    assert_eq!(book[0].len(), 1, "a release left an expired lease in");

    let request = LeaseRequest::new([Scope::new(key(), EXACT)], MINUTE).unwrap();
    let granted = algorithm::acquire(&mut book, &request.with_id(lease_id("new")), NOW_MS + 9_000).unwrap();
    assert!(granted.is_acquired());
    assert_eq!(book[0].len(), 1, "an acquire left an expired lease in");
}

fn quota_charge(amount: u64) -> QuotaCharge {
    QuotaCharge::new(key(), Quota::new(1_000, Period::Hour).unwrap(), amount)
}

fn reserve(counter: &mut [QuotaCounter; 1], name: &str, at_ms: u64) -> ReservationId {
    let id = ReservationId::parse(name).unwrap();
    let reservation = Reservation::new([quota_charge(10)], MINUTE).unwrap().with_id(id.clone());
    assert!(algorithm::reserve(counter, &reservation, at_ms).unwrap().is_granted());
    id
}

fn settle(counter: &mut [QuotaCounter; 1], id: &ReservationId, amount: u64, at_ms: u64) {
    let settlement = Settlement::new(id.clone(), [quota_charge(amount)]).unwrap();
    drop(algorithm::settle(counter, &settlement, at_ms));
}

#[test]
fn a_quota_counter_is_idle_once_its_period_is_over_and_its_settled_ids_forgotten() {
    let quota = Quota::new(1_000, Period::Hour).unwrap();
    let mut recorded = QuotaCounter::default();
    assert_eq!((recorded.idle_at_ms(), recorded.len(), recorded.is_empty()), (0, 0, true));
    let _ = recorded.record(&quota, 1, NOW_MS);
    assert_eq!((recorded.idle_at_ms(), recorded.is_empty()), (NOW_MS + HOUR_MS, true));

    let mut reserved = [QuotaCounter::default()];
    let id = reserve(&mut reserved, "work", NOW_MS);
    assert_eq!((reserved[0].idle_at_ms(), reserved[0].len()), (NOW_MS + HOUR_MS, 1));
    assert!(reserved[0].contains(&id) && !reserved[0].is_empty());

    settle(&mut reserved, &id, 0, NOW_MS);
    assert_eq!(reserved[0].idle_at_ms(), NOW_MS + SETTLED_MEMORY_MS, "nothing was used of the period");
    assert!(reserved[0].contains(&id), "the settled id is remembered");
    assert_eq!(reserved[0].len(), 1);

    let late_ms = NOW_MS + HOUR_MS - 1;
    settle(&mut reserved, &ReservationId::parse("late").unwrap(), 5, late_ms);
    assert_eq!(reserved[0].idle_at_ms(), late_ms + SETTLED_MEMORY_MS);
    assert_eq!(reserved[0].len(), 1, "what was settled an hour ago is forgotten");
    assert!(!reserved[0].contains(&id));
}

#[test]
fn a_quota_counter_counts_what_it_holds_and_what_it_remembers() {
    let mut counter = [QuotaCounter::default()];
    let first = reserve(&mut counter, "first", NOW_MS);
    reserve(&mut counter, "second", NOW_MS);
    settle(&mut counter, &first, 3, NOW_MS);
    assert_eq!(counter[0].len(), 2);
    reserve(&mut counter, "third", NOW_MS + 60_000);
    assert_eq!(counter[0].len(), 2, "the second has run out");
}

fn charge(log: &mut SlidingLog, limit: &Limit, at_ms: u64) {
    let key = key();
    let outcome = algorithm::judge(log, 0, &Charge::new(&key, limit), at_ms, algorithm::Act::Charge);
    assert_eq!(outcome.charged_at_ms(), Some(at_ms));
}

#[test]
fn a_log_tells_how_many_entries_have_left_its_window() {
    let limit = Limit::sliding_log(9, MINUTE).unwrap();
    let mut log = SlidingLog::default();
    assert!(log.is_empty());
    for at_ms in [NOW_MS, NOW_MS, NOW_MS + 10, NOW_MS + 20] {
        charge(&mut log, &limit, at_ms);
    }
    assert_eq!((log.newest_ms(), log.len()), (Some(NOW_MS + 20), 3));
    let expired = |after_ms| log.expired(&limit, NOW_MS + after_ms);
    assert_eq!([59_999, 60_000, 60_009, 60_010, 60_020].map(expired), [0, 1, 1, 2, 3]);
    assert_eq!(log.expired(&limit, NOW_MS - 59_980), 0);
    assert_eq!(log.expired(&limit, NOW_MS - 59_981), 3, "a clock that was wrong wrote all of it");

    log.drop_expired(60_000, NOW_MS + 60_000);
    assert_eq!(log.expired(&limit, NOW_MS + 60_020), 2);
    assert!(!log.is_empty());
    log.drop_expired(60_000, NOW_MS + 60_020);
    assert!(log.is_empty() && log.newest_ms().is_none());
}

#[test]
fn what_was_charged_in_a_window_to_come_is_not_given_back_by_this_one() {
    let start_ms = NOW_MS - NOW_MS % 60_000;
    let times = [start_ms - 60_001, start_ms + 60_000, start_ms + 59_999];
    let fixed = Limit::fixed_window(9, MINUTE).unwrap();
    assert_eq!(times.map(|at_ms| is_given_back(FixedWindow::default(), &fixed, at_ms)), [false, false, true]);
    let sliding = Limit::sliding_window(9, MINUTE).unwrap();
    assert_eq!(
        times.map(|at_ms| is_given_back(SlidingWindow::default(), &sliding, at_ms)),
        [false, false, true]
    );
}

/// Whether what is said to have been charged at a time is given back, of what was charged at the start of a minute.
fn is_given_back(mut counter: impl Counter, limit: &Limit, charged_at_ms: u64) -> bool {
    let (key, start_ms) = (key(), NOW_MS - NOW_MS % 60_000);
    let charge = Charge::new(&key, limit).with_cost(5);
    let _ = algorithm::judge(&mut counter, 0, &charge, start_ms, algorithm::Act::Charge);
    algorithm::refund(&mut counter, &charge, charged_at_ms, start_ms)
}

#[test]
fn a_refund_of_what_has_flowed_in_since_changes_nothing() {
    let limit = Limit::token_bucket(1, MINUTE).unwrap().with_burst(10).unwrap();
    let (key, mut bucket) = (key(), TokenBucket::default());
    let charge = Charge::new(&key, &limit);
    let _ = algorithm::judge(&mut bucket, 0, &charge.with_cost(10), NOW_MS, algorithm::Act::Charge);
    assert!(!algorithm::refund(&mut bucket, &charge, NOW_MS, NOW_MS + 120_000));
    assert!(algorithm::refund(&mut bucket, &charge.with_cost(3), NOW_MS, NOW_MS + 120_000));
}
