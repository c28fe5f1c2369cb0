//! Rows that somebody holds, and others who sweep: nobody waits.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use limiter_core::ErrorKind;
use limiter_postgres::PostgresBackend;

use crate::store::Store;

/// Holds what a statement locks, while something is done.
fn while_held(store: &Store, lock: &str, work: impl FnOnce()) {
    let (holder, text) = (store.clone(), format!("begin; {lock}; select pg_sleep(1.5); commit"));
    let holder = thread::spawn(move || drop(holder.ask(&text)));
    let sleeping =
        "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
    while store.number(sleeping) == 0 {
        assert!(!holder.is_finished(), "it could not be held");
    }
    work();
    assert_eq!(store.number(sleeping), 1, "it took longer than it was held");
    holder.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_somebody_holds_stay_for_the_next_walk() {
    let (store, backend) = Store::new().await;
    store.ask(
        "insert into limiter.rate (key, gone) values ('a', 1), ('b', 1); \
         insert into limiter.quota (key, gone) values ('a', 1), ('b', 1); \
         insert into limiter.slot values ('a'), ('b'), ('c'); \
         insert into limiter.lease values ('c', 'a', 1, 1, 1), ('c', 'b', 1, 1, 1); \
         insert into limiter.settled values ('a', 'a', 1, 1), ('a', 'b', 1, 1)",
    );
    let lock = "select from limiter.rate where key = 'a' for no key update; \
                select from limiter.quota where key = 'a' for no key update; \
                select from limiter.slot where key = 'a' for no key update; \
                select from limiter.lease where id = 'a' for no key update; \
                select from limiter.settled where id = 'a' for no key update";
    let swept = || store.ask("select removed from limiter.sweep(true)");
    while_held(&store, lock, || assert_eq!(swept(), "5"));
    let left = store.ask(
        "select convert_from(key, 'UTF8') from limiter.rate union all select convert_from(key, 'UTF8') from limiter.quota \
         union all select id from limiter.lease union all select id from limiter.settled",
    );
    assert_eq!(left, "a\na\na\na");
    assert_eq!(store.ask("select convert_from(key, 'UTF8') from limiter.slot order by key"), "a\nc");
    assert_eq!(backend.sweep().await.unwrap(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sweeps_at_a_time_and_others_go_away() {
    let (store, backend) = Store::new().await;
    store.expired_counters(3);
    while_held(&store, "select from limiter.sweep for update", || {
        assert_eq!(store.ask("select removed, wait_ms is null from limiter.sweep(true)"), "0|t");
    });
    assert_eq!(backend.sweep().await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_sweep_waits_for_who_is_at_it() {
    let (store, backend) = Store::new().await;
    store.expired_counters(3);
    let begun = Instant::now();
    let mut asked = None;
    while_held(&store, "select from limiter.sweep for update", || {
        asked = Some(tokio::spawn(async move { backend.sweep().await.unwrap() }));
        thread::sleep(Duration::from_millis(300));
        assert_eq!(store.count("rate"), 3);
    });
    assert_eq!(asked.unwrap().await.unwrap(), 3);
    assert!(begun.elapsed() > Duration::from_millis(1500));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_at_it_for_too_long_is_not_waited_for() {
    let (store, _backend) = Store::new().await;
    let config = store.config(None);
    let options = config.options().clone().with_response_timeout(Duration::from_millis(200)).unwrap();
    let backend = PostgresBackend::connect(config.with_options(options)).await.unwrap();
    let (asking, answer) = (backend.clone(), Arc::new(OnceLock::new()));
    let told = Arc::clone(&answer);
    while_held(&store, "select from limiter.sweep for update", || {
        tokio::spawn(async move { told.set(asking.sweep().await) });
        while answer.get().is_none() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let error = answer.get().unwrap().as_ref().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Some("sweep")), "{error}");
    assert_eq!(backend.sweep().await.unwrap(), 0);
}
