//! What a call does to the transaction that it is in, and to others.

use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::database::Database;

/// A hit of the counters of these subjects, in this order.
fn hit(subjects: &[&str], more: &str) -> String {
    let keys: Vec<_> = subjects.iter().map(|subject| format!("limiter.key('chat', '{subject}')")).collect();
    let many = |value: &str| format!("array_fill({value}, array[{}])", subjects.len());
    let [algorithms, maxes, windows] = ["'token_bucket'::text", "100::bigint", "60000::bigint"].map(many);
    format!(
        "select bool_and(allowed) from limiter.hit(array[{}], {algorithms}, {maxes}, {windows}{more})",
        keys.join(",")
    )
}

/// Waits until so many sessions wait for a lock.
fn until_waiting(database: &Database, count: usize) {
    let started = Instant::now();
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while database.sql(waiting) != count.to_string() {
        assert!(started.elapsed() < Duration::from_secs(10), "nobody waits");
        sleep(Duration::from_millis(10));
    }
}

/// Ends that sleep, and the transaction with it.
fn let_go(database: &Database) {
    let asleep = "select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database()
        and wait_event = 'PgSleep'";
    assert_eq!(database.sql(asleep), "t");
}

/// Waits until a session sleeps that has made its call.
fn until_held(database: &Database) {
    let started = Instant::now();
    let holding =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    while database.sql(holding) != "1" {
        assert!(started.elapsed() < Duration::from_secs(10), "nobody holds the row");
        sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn a_durable_call_waits_for_the_disk_and_another_does_not() {
    let (database, _backend) = Database::new().await;
    let setting = |call: &str, before: &str| {
        database.sql(&format!(
            "begin; set local synchronous_commit = {before}; {call}; show synchronous_commit; commit"
        ))
    };
    let after = |call: &str, before: &str| setting(call, before).lines().last().unwrap().to_owned();
    assert_eq!(after(&hit(&["a"], ""), "on"), "off", "rates are relaxed where nothing is said");
    assert_eq!(after(&hit(&["a"], ", durable => true"), "off"), "on");
    assert_eq!(after(&hit(&["a"], ", durable => true"), "remote_write"), "remote_write");
    let refund =
        "select given_back from limiter.refund(array[limiter.key('chat', 'a')], '{token_bucket}', '{100}',
        '{60000}', '{1700000000000}'";
    assert_eq!(after(&format!("{refund})"), "on"), "off");
    assert_eq!(after(&format!("{refund}, durable => true)"), "off"), "on");
    let reset = "select existed from limiter.reset(limiter.key('chat', 'a'), 'token_bucket', 60000";
    assert_eq!(after(&format!("{reset})"), "on"), "off");
    assert_eq!(after(&format!("{reset}, durable => true)"), "off"), "on");
    let acquire = "select granted from limiter.acquire('l', array[limiter.key('chat', 'a')], '{9}', 1, 1000)";
    assert_eq!(after(acquire, "off"), "on", "slots are durable where nothing is said");
    let record = "select used from limiter.record(limiter.key('chat', 'a'), 1, 0, 9, 1)";
    assert_eq!(after(record, "off"), "on", "quotas are durable where nothing is said");
}

/// Calls that a cap or max of 0 refuses, and a sweep.
const NOTHING_STORED: [&str; 3] = [
    "limiter.acquire('l', array[limiter.key('chat', 'a')], '{0}', 1, 1000)",
    "limiter.reserve('r', array[limiter.key('chat', 'a')], '{1}', '{0}', '{0}', '{1}', 1000)",
    "limiter.sweep(true)",
];

#[tokio::test]
async fn a_call_that_stores_nothing_makes_nothing_else_easy_to_lose() {
    let (database, _backend) = Database::new().await;
    database.sql("create table orders (number int)");
    let setting = "current_setting('synchronous_commit')";
    for call in NOTHING_STORED {
        let asked = format!("select {setting} from {call}");
        assert_eq!(database.sql(&asked), "off", "{call}");
        let first = ["begin", &asked, "insert into orders values (1)", "commit"].map(str::to_owned);
        assert_eq!(database.script(&first)[1], "on", "{call} in a transaction");
        let last = database.sql(&format!("insert into orders values (1); {asked}"));
        assert_eq!(last, "on", "{call} after what was written in the same message");
    }
}

/// In the extended protocol, as clients of the crate ask, it isn't to be seen that a call is alone.
#[tokio::test]
async fn a_session_of_single_calls_does_not_wait_for_what_stores_nothing() {
    let (database, _backend) = Database::new().await;
    let mut session = PgConnection::connect(database.url()).await.unwrap();
    session.execute(sqlx::raw_sql("set limiter.single_calls = on")).await.unwrap();
    for call in NOTHING_STORED {
        let asked = format!("select current_setting('synchronous_commit') from {call}");
        let setting: String = sqlx::query_scalar(AssertSqlSafe(asked)).fetch_one(&mut session).await.unwrap();
        assert_eq!(setting, "off", "{call}");
    }
}

/// Leases are counted in a snapshot that may be older than the lock of their key.
#[tokio::test]
async fn slots_are_read_committed_or_refused() {
    let (database, _backend) = Database::new().await;
    let said = "create function pg_temp.said(call text) returns text language plpgsql as $$ begin
          execute 'select * from limiter.' || call;
          return 'done';
        exception when others then
          return sqlstate || ': ' || sqlerrm;
        end $$";
    let keys = "array[limiter.key(''chat'', ''a'')]";
    for call in [
        format!("acquire(''l'', {keys}, ''{{9}}'', 1, 60000)"),
        format!("renew(''{{l}}'', ''{{1}}'', ''{{60000}}'', {keys})"),
        format!("release(''{{l}}'', ''{{1}}'', {keys})"),
    ] {
        let at = |level: &str| {
            let begin = format!("begin isolation level {level}");
            let ask = format!("select pg_temp.said('{call}')");
            database.script(&[said.to_owned(), begin, ask, "commit".to_owned()]).swap_remove(2)
        };
        assert_eq!(at("read committed"), "done", "{call}");
        for level in ["repeatable read", "serializable"] {
            assert_eq!(
                at(level),
                format!("25000: the transaction is {level}; accepted: read committed"),
                "{call}"
            );
        }
    }
}

#[tokio::test]
async fn a_row_is_waited_for_as_long_as_lock_ms_says() {
    let (database, _backend) = Database::new().await;
    database.sql(&hit(&["a"], ""));
    let calls = [
        hit(&["a"], ", lock_ms => 50"),
        "select given_back from limiter.refund(array[limiter.key('chat', 'a')], '{token_bucket}', '{100}', '{60000}',
            '{1700000000000}', lock_ms => 50)"
            .to_owned(),
        "select existed from limiter.reset(limiter.key('chat', 'a'), 'token_bucket', 60000, lock_ms => 50)".to_owned(),
    ];
    scope(|threads| {
        let holder = threads
            .spawn(|| database.shown(&format!("begin; {}; select pg_sleep(20); commit", hit(&["a"], ""))));
        until_held(&database);
        for call in &calls {
            let said = database.shown(call);
            assert!(said.contains("canceling statement due to lock timeout"), "{call}: {said}");
        }
        let peeked = database.sql(&hit(&["a"], "").replace("limiter.hit", "limiter.peek"));
        assert_eq!(peeked, "t", "a peek waits for nobody");
        let_go(&database);
        holder.join().unwrap();
    });
}

/// Whoever asked in another order would meet somebody who holds the one and waits for the other.
#[tokio::test]
async fn rows_are_locked_in_one_order_whatever_order_they_are_asked_in() {
    let (database, _backend) = Database::new().await;
    for both in [["a", "b"], ["b", "a"]] {
        let asked = hit(&both, "");
        scope(|threads| {
            let first = threads.spawn(|| {
                database.shown(&format!("begin; {}; select pg_sleep(20); commit", hit(&["a"], "")))
            });
            until_held(&database);
            let second = threads.spawn(|| database.sql(&asked));
            until_waiting(&database, 1);
            assert_eq!(
                database.sql(&hit(&["b"], ", lock_ms => 100")),
                "t",
                "{both:?}: b is held by who waits for a"
            );
            let_go(&database);
            first.join().unwrap();
            assert_eq!(second.join().unwrap(), "t");
        });
    }
}
