//! How a walk goes: batch by batch, from where the last one stopped.

use std::time::Duration;

use crate::store::{LATER, Store};

/// What `sweep` answers: how many rows it removed, and the ms until there is more to do.
fn sweep(store: &Store, arguments: &str) -> (u64, Option<u64>) {
    let answer = store.ask(&format!("select * from limiter.sweep({arguments})"));
    let (removed, wait) = answer.split_once('|').unwrap();
    (removed.parse().unwrap(), wait.parse().ok())
}

#[tokio::test]
async fn no_call_looks_at_more_rows_than_it_was_told() {
    let (store, _backend) = Store::new().await;
    store.expired_counters(25);
    store.ask("insert into limiter.slot select int8send(i) from generate_series(1, 25) i");
    store.ask("insert into limiter.lease select int8send(i), 'l', 1, 1, 1 from generate_series(1, 25) i");
    // 25 counters, 25 leases, 25 keys, in tens: the last of a table and the first of the next go together.
    for left in [65, 55, 45, 35, 25, 15, 5] {
        assert_eq!(sweep(&store, "most => 10"), (10, Some(0)));
        assert_eq!(store.count("rate") + store.count("lease") + store.count("slot"), left);
    }
    assert_eq!(sweep(&store, "most => 10"), (5, Some(60_000)));
}

#[tokio::test]
async fn a_walk_is_due_so_long_after_the_last_has_ended() {
    let (store, _backend) = Store::new().await;
    assert_eq!(sweep(&store, "every_ms => 1000, at_ms => 5000"), (0, Some(1000)));
    store.ask("insert into limiter.rate (key, gone) values ('a', 1)");
    assert_eq!(sweep(&store, "every_ms => 1000, at_ms => 5999"), (0, Some(1)));
    assert_eq!(sweep(&store, "every_ms => 1000, at_ms => 6000"), (1, Some(1000)));
    store.ask("insert into limiter.rate (key, gone) values ('a', 1)");
    assert_eq!(sweep(&store, "true, every_ms => 1000, at_ms => 6001"), (1, Some(1000)), "asked for anew");
    store.ask("insert into limiter.rate (key, gone) values ('a', 1)");
    // A clock that was years ahead doesn't put it off for years.
    assert_eq!(sweep(&store, "every_ms => 1000, at_ms => 5000"), (1, Some(1000)));
}

#[tokio::test]
async fn a_row_goes_a_millisecond_after_its_time() {
    let (store, _backend) = Store::new().await;
    store.ask(
        "insert into limiter.rate (key, gone) values ('a', 7000); \
         insert into limiter.quota (key, gone) values ('a', 7000); \
         insert into limiter.lease values ('a', 'a', 1, 1, 7000); insert into limiter.settled values ('a', 'a', 1, 7000)",
    );
    assert_eq!(sweep(&store, "true, at_ms => 7000").0, 0);
    assert_eq!(sweep(&store, "true, at_ms => 7001").0, 4);
}

#[tokio::test]
async fn a_walk_goes_on_where_it_stopped_whatever_comes_and_goes() {
    let (store, backend) = Store::new().await;
    store.expired_counters(2500);
    store.ask(&format!(
        "insert into limiter.slot values ('k'); \
         insert into limiter.lease select 'k', 'l' || i, 1, 1, case when i % 2 = 0 then 1 else {LATER} end \
         from generate_series(1, 2500) i"
    ));
    assert_eq!(sweep(&store, "true"), (1000, Some(0)));
    assert_eq!(sweep(&store, "false"), (1000, Some(0)));
    // It was here already: for the next walk.
    store.ask("insert into limiter.rate (key, gone) values ('\\x00', 1)");
    let mut removed = 0;
    for call in 0.. {
        assert!(call < 5, "it never ends");
        let (more, wait) = sweep(&store, "false");
        removed += more;
        if wait != Some(0) {
            break;
        }
    }
    assert_eq!((removed, store.count("rate"), store.count("lease")), (500 + 1250, 1, 1250));
    assert_eq!(backend.sweep().await.unwrap(), 1);
}

#[tokio::test]
async fn a_sweep_that_is_asked_for_sees_everything_also_in_the_midst_of_a_walk() {
    let (store, backend) = Store::new().await;
    store.expired_counters(3700);
    store.ask(&format!("update limiter.rate set gone = {LATER} where key <= int8send(1200)"));
    assert_eq!(sweep(&store, "true"), (0, Some(0)));
    assert_eq!(sweep(&store, "false"), (800, Some(0)));
    store.ask("insert into limiter.rate (key, gone) values ('\\x00', 1)");
    let swept = tokio::time::timeout(Duration::from_secs(20), backend.sweep()).await;
    assert_eq!(swept.expect("it never ends").unwrap(), 1701);
    assert_eq!(store.count("rate"), 1200);
}

#[tokio::test]
async fn counters_with_many_entries_go_a_few_at_a_time() {
    let (store, _backend) = Store::new().await;
    store.ask(
        "insert into limiter.rate (key, gone) \
         select 'k' || int8send(i) || '\\x03'::bytea || int8send(1000), 1 from generate_series(1, 5) i; \
         insert into limiter.rate_log select key, i, 1 from limiter.rate, generate_series(1, 600) i",
    );
    assert_eq!(sweep(&store, "true"), (1202, Some(0)));
    assert_eq!((store.count("rate"), store.count("rate_log")), (3, 1800));
    assert_eq!(sweep(&store, "false"), (1202, Some(0)));
    assert_eq!(sweep(&store, "false"), (601, Some(60_000)));
    assert_eq!(store.count("rate_log"), 0);
    store.ask(
        "insert into limiter.quota (key, gone) select int8send(i), 1 from generate_series(1, 5) i; \
         insert into limiter.held select key || int8send(end_ms), 'h' || i, 1, 1 \
           from limiter.quota, generate_series(1, 600) i",
    );
    for left in [2000, 1000, 0] {
        assert_eq!(sweep(&store, if left == 2000 { "true" } else { "false" }), (1000, Some(0)));
        assert_eq!(
            (store.count("quota"), store.count("held")),
            (5, left),
            "a counter goes after its reservations"
        );
    }
    assert_eq!(sweep(&store, "false"), (5, Some(60_000)));
}
