//! What quotas leave behind in the tables: nothing goes before its time, nothing stays for ever, and what changes
//! nothing writes nothing.

use std::time::Duration;

use limiter_core::{ErrorKind, ManualClock, Period, QuotaTracker};
use tokio::time::sleep;

use crate::store::{
    LONG, Store, client, client_by, key, record, reservation, reserve, settle, settlement, yearly,
};

const MEMORY_MS: u64 = 600_000;
const LONG_MS: u64 = 90_000;
const SHORT: Duration = Duration::from_secs(1);
/// How much longer than its meaning a row is to be kept.
const GRACE_MS: u64 = 60_000;
/// What a busy machine may lie between two readings of the clock.
const SLACK_MS: u64 = 5_000;

impl Store {
    /// Holds when the counter is kept until 60 s after a time, and not for much longer.
    #[track_caller]
    fn assert_kept_until(&self, life_ms: u64) {
        assert_kept(self.number("select gone from limiter.quota"), life_ms);
    }

    fn end_ms(&self) -> u64 {
        Period::Year.span(self.now_ms(), 0).end_ms
    }
}

#[track_caller]
fn assert_kept(gone_ms: u64, life_ms: u64) {
    let due_ms = life_ms + GRACE_MS;
    assert!(gone_ms >= due_ms, "{} ms too early", due_ms - gone_ms);
    assert!(gone_ms - due_ms <= SLACK_MS, "{} ms too long", gone_ms - due_ms);
}

#[tokio::test]
async fn what_is_used_goes_with_its_period() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    assert_eq!(record(&quotas, 3).await.used, 3);
    store.assert_kept_until(store.end_ms());
    assert!(reserve(&quotas, &reservation("r1", 2, SHORT)).await);
    store.assert_kept_until(store.end_ms());
    let before_ms = store.now_ms();
    let _ = settle(&quotas, &settlement("r1", 1)).await;
    store.assert_kept_until(store.end_ms().max(before_ms + MEMORY_MS));
}

#[tokio::test]
async fn what_is_only_reserved_goes_with_the_last_reservation() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    let before_ms = store.now_ms();
    assert!(reserve(&quotas, &reservation("r1", 2, LONG)).await);
    store.assert_kept_until(before_ms + LONG_MS);
    assert!(reserve(&quotas, &reservation("r2", 2, SHORT)).await);
    store.assert_kept_until(before_ms + LONG_MS);
    let before_ms = store.now_ms();
    assert!(reserve(&quotas, &reservation("r2", 2, 2 * LONG)).await);
    store.assert_kept_until(before_ms + 2 * LONG_MS);
}

#[tokio::test]
async fn what_is_settled_is_remembered_for_ten_minutes() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    let before_ms = store.now_ms();
    let _ = settle(&quotas, &settlement("r1", 0)).await;
    store.assert_kept_until(before_ms + MEMORY_MS);
    assert_kept(store.number("select gone from limiter.settled"), before_ms + MEMORY_MS);
    assert!(reserve(&quotas, &reservation("r2", 2, SHORT)).await);
    store.assert_kept_until(before_ms + MEMORY_MS);
}

#[tokio::test]
async fn nothing_goes_before_its_time_is_up_and_nothing_stays_after() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    let _ = record(&quotas, 1).await;
    assert!(reserve(&quotas, &reservation("r1", 2, LONG)).await);
    let _ = settle(&quotas, &settlement("r2", 3)).await;
    let sweep = |at_ms: u64| {
        store.ask(&format!(
            "update limiter.sweep set due = 0; select limiter.sweep(true, 60000, 1000, {at_ms})"
        ));
        store.ask("select (select count(*) from limiter.quota), (select count(*) from limiter.held), (select count(*) from limiter.settled)")
    };
    let run_out_ms = store.number("select expires from limiter.held");
    assert_eq!(sweep(run_out_ms + GRACE_MS).trim(), "1|1|1");
    assert_eq!(sweep(run_out_ms + GRACE_MS + 1).trim(), "1|0|1");
    let forgotten_ms = store.number("select gone from limiter.settled");
    assert_eq!(sweep(forgotten_ms).trim(), "1|0|1");
    assert_eq!(sweep(forgotten_ms + 1).trim(), "1|0|0");
    let gone_ms = store.number("select gone from limiter.quota");
    assert_eq!(sweep(gone_ms).trim(), "1|0|0");
    assert_eq!(sweep(gone_ms + 1).trim(), "0|0|0");
}

#[tokio::test]
async fn what_was_counted_with_time_handed_in_stays() {
    let store = Store::new();
    let quotas = client_by(&store.url, &ManualClock::new(1_700_000_000_000)).await;
    let _ = record(&quotas, 1).await;
    assert!(reserve(&quotas, &reservation("r1", 2, LONG)).await);
    let _ = settle(&quotas, &settlement("r2", 3)).await;
    let gone =
        "select min(gone) from (select gone from limiter.quota union select gone from limiter.settled) g";
    assert_eq!(store.number(gone), i64::MAX.unsigned_abs());
}

#[tokio::test]
async fn the_end_of_a_short_reservation_takes_no_long_one_along() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    assert!(reserve(&quotas, &reservation("r1", 4, LONG)).await);
    assert!(reserve(&quotas, &reservation("r2", 3, Duration::from_millis(20))).await);
    sleep(Duration::from_millis(60)).await;
    assert_eq!(quotas.check(&key("u1"), &yearly(10)).await.unwrap().reserved, 4);
    assert!(reserve(&quotas, &reservation("r3", 6, Duration::from_millis(20))).await);
    sleep(Duration::from_millis(60)).await;
    assert_eq!(record(&quotas, 1).await.reserved, 4);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    assert!(reserve(&quotas, &reservation("ended", 5, Duration::from_millis(1))).await);
    assert!(reserve(&quotas, &reservation("r1", 4, LONG)).await);
    let _ = settle(&quotas, &settlement("settled", 6)).await;
    assert!(reserve(&quotas, &reservation("nothing", 0, Duration::from_millis(1))).await);
    sleep(Duration::from_millis(20)).await;
    let rows = store.rows();

    assert!(!quotas.check(&key("u1"), &yearly(10)).await.unwrap().is_allowed());
    assert!(quotas.check(&key("nobody"), &yearly(10)).await.unwrap().is_allowed());
    assert!(record(&quotas, 0).await.is_allowed());
    assert!(!reserve(&quotas, &reservation("r2", 1, LONG)).await);
    let other_amount = quotas.reserve(&reservation("r1", 3, LONG)).await.unwrap_err();
    assert_eq!((other_amount.kind(), other_amount.operation()), (ErrorKind::Conflict, Some("reserve")));
    assert_eq!(other_amount.message(), "reservation r1 holds 4, asked for again with 3");
    assert!(!other_amount.may_have_charged());
    let settled = quotas.reserve(&reservation("settled", 6, LONG)).await.unwrap_err();
    assert_eq!(settled.kind(), ErrorKind::Conflict);
    assert_eq!(settled.message(), "reservation settled was settled less than ten minutes ago");
    let again = settle(&quotas, &settlement("settled", 1)).await;
    assert_eq!((again.used, again.reserved), (6, 4));

    assert_eq!(store.rows(), rows);
}

#[tokio::test]
async fn what_has_ended_goes_with_the_next_change() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    for id in ["r1", "r2", "r3"] {
        assert!(reserve(&quotas, &reservation(id, 3, Duration::from_millis(1))).await);
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(store.number("select count(*) from limiter.held"), 1);
    let settled = settle(&quotas, &settlement("r3", 0)).await;
    assert_eq!((settled.used, settled.reserved, settled.remaining), (0, 0, 10));
    assert_eq!(store.number("select count(*) from limiter.held"), 0);
}

#[tokio::test]
async fn a_period_that_has_turned_leaves_no_reservation() {
    let store = Store::new();
    let clock = ManualClock::new(1_700_000_000_000);
    let quotas = client_by(&store.url, &clock).await;
    assert!(reserve(&quotas, &reservation("r1", 4, LONG)).await);
    clock.set_ms(Period::Year.span(1_700_000_000_000, 0).end_ms);
    assert_eq!(record(&quotas, 1).await.reserved, 0);
    let its =
        "select count(*) from limiter.held h join limiter.quota q on h.key = q.key || int8send(q.end_ms)";
    assert_eq!(store.number(its), 0);
    assert!(reserve(&quotas, &reservation("r1", 9, LONG)).await);
}

#[tokio::test]
async fn a_reset_leaves_no_row() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    assert_eq!(record(&quotas, 3).await.used, 3);
    assert!(reserve(&quotas, &reservation("r1", 4, LONG)).await);
    let _ = settle(&quotas, &settlement("r2", 1)).await;
    QuotaTracker::reset(&quotas, &key("u1"), &yearly(10)).await.unwrap();
    for table in ["quota", "held", "settled"] {
        assert_eq!(store.number(&format!("select count(*) from limiter.{table}")), 0, "{table}");
    }
    assert!(reserve(&quotas, &reservation("r2", 10, LONG)).await);
}

#[tokio::test]
async fn what_is_reserved_is_the_sum_of_what_is_held() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    for number in 0..20 {
        let ttl = if number % 3 == 0 { Duration::from_millis(5) } else { LONG };
        assert!(reserve(&quotas, &reservation(&format!("r{number}"), number % 2, ttl)).await);
        if number % 4 == 0 {
            let _ = settle(&quotas, &settlement(&format!("r{}", number / 2), 0)).await;
        }
    }
    let differing = "select count(*) from limiter.quota q \
        where q.reserved <> (select sum(h.amount) from limiter.held h where h.key = q.key || int8send(q.end_ms))";
    assert_eq!(store.number(differing), 0);
}
