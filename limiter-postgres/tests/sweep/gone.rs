//! What goes, and what stays.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Limit, ManualClock, Period, Quota, QuotaTrackerExt, RateLimiterExt};
use limiter_postgres::PostgresBackend;

use crate::store::{LATER, Store, key};

/// Half of these rows are gone since a millisecond ago, the others in a minute.
const HALF: &str =
    "case when i % 2 = 0 then 60000 else 120000 end + extract(epoch from now())::bigint * 1000 - 61000";

#[tokio::test]
async fn counters_go_when_their_time_is_up_and_no_sooner() {
    let (store, backend) = Store::new().await;
    for table in ["rate", "quota"] {
        store.ask(&format!(
            "insert into limiter.{table} (key, gone) select int8send(i), {HALF} from generate_series(1, 20) i"
        ));
    }
    assert_eq!(backend.sweep().await.unwrap(), 20);
    for table in ["rate", "quota"] {
        assert_eq!(store.number(&format!("select count(*) from limiter.{table} where gone > 1e12")), 10);
        assert_eq!(store.count(table), 10);
    }
    assert_eq!(backend.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn leases_and_settled_ids_go_when_their_time_is_up_and_no_sooner() {
    let (store, backend) = Store::new().await;
    store.ask("insert into limiter.slot values ('k')");
    store.ask(&format!(
        "insert into limiter.lease select 'k', 'l' || i, 1, 1, {HALF} from generate_series(1, 20) i"
    ));
    store.ask(&format!(
        "insert into limiter.settled select 'k', 's' || i, 1, {HALF} from generate_series(1, 20) i"
    ));
    assert_eq!(backend.sweep().await.unwrap(), 20);
    assert_eq!((store.count("lease"), store.count("settled"), store.count("slot")), (10, 10, 1));
    for (table, mark) in [("lease", "l"), ("settled", "s")] {
        let odd = "substr(id, 2)::int % 2 = 1";
        let left =
            store.number(&format!("select count(*) from limiter.{table} where id like '{mark}%' and {odd}"));
        assert_eq!(left, 10);
    }
}

#[tokio::test]
async fn what_belongs_to_a_counter_goes_with_it() {
    let (store, backend) = Store::new().await;
    store.ask(&format!(
        "insert into limiter.rate (key, gone) \
         select 'k' || int8send(i) || '\\x03'::bytea || int8send(1000), case i when 1 then 1 else {LATER} end \
         from generate_series(1, 2) i; \
         insert into limiter.rate_log select key, i, 1 from limiter.rate, generate_series(1, 5) i"
    ));
    store.ask(&format!(
        "insert into limiter.quota (key, gone, end_ms) values ('a', 1, 1), ('b', {LATER}, {LATER}); \
         insert into limiter.held select key || int8send(end_ms), 'h' || i, 1, gone \
           from limiter.quota, generate_series(1, 5) i; \
         insert into limiter.settled select key, 's', 1, gone from limiter.quota"
    ));
    assert_eq!(backend.sweep().await.unwrap(), 6 + 7);
    assert_eq!((store.count("rate"), store.count("rate_log")), (1, 5));
    assert_eq!(store.number("select count(*) from limiter.rate_log join limiter.rate using (key)"), 5);
    assert_eq!((store.count("quota"), store.count("held"), store.count("settled")), (1, 5, 1));
    let its =
        "select count(*) from limiter.held h join limiter.quota q on h.key = q.key || int8send(q.end_ms)";
    assert_eq!(store.number(its), 5);
}

#[tokio::test]
async fn reservations_of_live_counters_go_a_minute_after_they_have_run_out() {
    let (store, backend) = Store::new().await;
    let quota = Quota::new(100, Period::Year).unwrap();
    let (id, granted) = backend.reserve_one(&key("a"), &quota, 7, Duration::from_hours(1)).await.unwrap();
    assert!(granted.is_granted());
    // Of those that have run out, and of those of a period that is over.
    store.ask(
        "insert into limiter.held select key, 'h' || i, 1, expires - case when i % 2 = 0 then 3661000 else 3630000 end \
           from limiter.held, generate_series(1, 40) i; \
         insert into limiter.held select q.key || int8send(1), 'o' || i, 1, 9e12::bigint \
           from limiter.quota q, generate_series(1, 5) i; \
         update limiter.quota set reserved = reserved + 40",
    );
    assert_eq!(backend.sweep().await.unwrap(), 20 + 5);
    assert_eq!(store.count("held"), 1 + 20);
    assert_eq!(store.number("select reserved from limiter.quota"), 7 + 20);
    assert_eq!(backend.settle_one(&id, 2).await.unwrap().used, 2);
}

#[tokio::test]
async fn keys_without_leases_go_and_those_with_one_stay() {
    let (store, backend) = Store::new().await;
    store.ask(&format!(
        "insert into limiter.slot values ('ended'), ('live'), ('never'); \
         insert into limiter.lease values ('ended', 'a', 1, 1, 1), ('live', 'a', 1, 1, 1), ('live', 'b', 1, {LATER}, {LATER})"
    ));
    assert_eq!(backend.sweep().await.unwrap(), 4);
    assert_eq!(store.ask("select convert_from(key, 'UTF8') from limiter.slot"), "live");
    assert_eq!(store.ask("select id from limiter.lease"), "b");
}

#[tokio::test]
async fn what_was_written_with_a_time_handed_in_never_goes() {
    let (store, backend) = Store::new().await;
    let clock = ManualClock::new(1_000_000);
    let config = store.config(Some(Duration::from_millis(100)));
    let by_clock = PostgresBackend::with_clock(config, Arc::new(clock.clone())).await.unwrap();
    let limits = [
        Limit::fixed_window(9, Duration::from_secs(1)).unwrap(),
        Limit::sliding_window(9, Duration::from_secs(1)).unwrap(),
        Limit::sliding_log(9, Duration::from_secs(1)).unwrap(),
        Limit::token_bucket(9, Duration::from_secs(1)).unwrap(),
    ];
    for limit in &limits {
        assert!(by_clock.hit_one(&key("a"), limit).await.unwrap().is_allowed());
    }
    // Nor does whose time is handed in sweep: neither by itself, nor by that time.
    store.ask(&format!(
        "insert into limiter.slot values ('k'); insert into limiter.lease values ('k', 'a', 1, 1, {LATER})"
    ));
    let quota = Quota::new(9, Period::Hour).unwrap();
    let reserved = by_clock.reserve_one(&key("a"), &quota, 1, Duration::from_secs(1)).await.unwrap().1;
    assert!(reserved.is_granted());
    clock.set_ms(LATER + 1);
    assert_eq!(by_clock.sweep().await.unwrap(), 0);
    store.ask("update limiter.lease set gone = 1");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(store.count("lease"), 1, "it swept by itself");
    assert_eq!(backend.sweep().await.unwrap(), 2);
    assert_eq!((store.count("rate"), store.count("rate_log")), (4, 1));
    assert_eq!((store.count("quota"), store.count("held")), (1, 1));
}
