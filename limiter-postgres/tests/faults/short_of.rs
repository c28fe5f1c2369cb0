//! Servers that are short of what a call needs: connections, locks, disk, rights.

use std::time::Duration;

use limiter_core::{ErrorKind, QuotaTracker, SlotLimiter};
use limiter_postgres::{Config, Options, PostgresBackend};
use sqlx::{Connection as _, Executor as _, PgConnection};
use testservers::postgres::Postgres;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::operations::*;

/// As many connections as the server still gives.
async fn take_all(server: &Postgres) -> Vec<PgConnection> {
    let mut taken = Vec::new();
    while let Ok(one) = PgConnection::connect(&server.url()).await {
        taken.push(one);
    }
    taken
}

fn small_server() -> Postgres {
    let settings =
        [("max_connections", "8"), ("superuser_reserved_connections", "0"), ("max_wal_senders", "0")];
    Postgres::with(&settings).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connections_that_there_are_serve_all_when_the_server_gives_no_more() {
    let server = small_server();
    let backend =
        client_at(server.address(), options().with_response_timeout(Duration::from_secs(5)).unwrap()).await;
    let backend = backend.unwrap();
    operate_all(&backend).await.unwrap();
    let taken = take_all(&server).await;
    assert!(!taken.is_empty());
    let mut calls = JoinSet::new();
    for caller in 0..60_usize {
        let backend = backend.clone();
        let (name, _) = OPERATIONS[caller % OPERATIONS.len()];
        calls.spawn(async move { operate(&backend, name).await.unwrap() });
    }
    while let Some(ended) = calls.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn a_server_out_of_connections_is_told_and_found_again() {
    let server = small_server();
    let backend = client(&server).await;
    operate_all(&backend).await.unwrap();
    let end =
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'limiter'";
    let mut taken = take_all(&server).await;
    let mine = taken.last_mut().unwrap();
    mine.execute(end).await.unwrap();
    taken.extend(take_all(&server).await);
    sleep(Duration::from_millis(100)).await;
    let error = loop {
        match operate(&backend, "hit").await {
            Ok(()) => panic!("a connection was had"),
            // The one that was idle, and is no more.
            Err(error) if error.to_string().contains("ended") => {}
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("max_connections"), "{error}");
    drop(taken);
    until_it_works(&backend, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_table_that_is_locked_by_somebody_costs_each_call_its_timeout_and_no_charge() {
    const PATIENCE: Duration = Duration::from_secs(2);
    let server = Postgres::start().unwrap();
    let options = options().with_response_timeout(PATIENCE).unwrap();
    let backend = client_at(server.address(), options).await.unwrap();
    operate_all(&backend).await.unwrap();
    let mut stranger = PgConnection::connect(&server.url()).await.unwrap();
    let lock = "begin; lock table limiter.rate, limiter.slot, limiter.quota in exclusive mode";
    stranger.execute(sqlx::raw_sql(lock)).await.unwrap();
    for name in ["hit", "acquire", "record", "reserve"] {
        let error = in_time(PATIENCE, operate(&backend, name)).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, false), "{name}: {error}");
    }
    stranger.execute("rollback").await.unwrap();
    operate_all(&backend).await.unwrap();
    let (key, quota) = (key("operation"), yearly(1_000_000));
    // Twice one recorded, one settled and one reserved; nothing of what was given up on.
    let checked = backend.check(&key, &quota).await.unwrap();
    assert_eq!((checked.used, checked.reserved), (4, 2), "{checked:?}");
    assert_eq!(backend.in_use(&key).await.unwrap(), 2);
}

#[tokio::test]
async fn a_role_that_lost_its_rights_is_told_what_it_needs() {
    let server = Postgres::start().unwrap();
    let owner = client(&server).await;
    let role = "create role app login; grant usage on schema limiter to app; \
                grant execute on all functions in schema limiter to app";
    server.psql("postgres", &["-c", role]).unwrap();
    let config = Config::new(&server.url_as("app", "", "postgres")).unwrap().with_options(options());
    let app = PostgresBackend::connect(config).await.unwrap();
    operate_all(&app).await.unwrap();
    server.psql("postgres", &["-c", "revoke usage on schema limiter from app"]).unwrap();
    for (name, _, error) in all_fail_in_time(&app).await {
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Config, false), "{name}: {error}");
        assert!(error.to_string().contains("grant"), "{error}");
    }
    operate_all(&owner).await.unwrap();
    server.psql("postgres", &["-c", "drop schema limiter cascade"]).unwrap();
    for (name, _, error) in all_fail_in_time(&owner).await {
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Config, false), "{name}: {error}");
        assert!(error.to_string().contains("LIMITER_MIGRATE"), "{error}");
    }
}

#[tokio::test]
async fn a_counter_that_cant_be_stored_is_an_error_and_nothing_is_let_through() {
    let server = Postgres::start().unwrap();
    let backend = client(&server).await;
    operate_all(&backend).await.unwrap();
    // As a disk that is full does, for all that is to be written.
    let full = "create function limiter.full() returns trigger language plpgsql as $$ begin \
                raise exception 'could not extend file: secret' using errcode = '53100'; end $$; \
                create trigger full_disk before insert or update on limiter.rate execute function limiter.full(); \
                create trigger full_disk before insert or update on limiter.lease execute function limiter.full(); \
                create trigger full_disk before insert or update on limiter.quota execute function limiter.full()";
    server.psql("postgres", &["-c", full]).unwrap();
    for name in ["hit", "acquire", "record"] {
        let error = operate(&backend, name).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Capacity, false), "{name}: {error}");
        assert!(error.to_string().contains("disk") && !format!("{error:?}").contains("secret"), "{error:?}");
    }
    let room = "drop function limiter.full() cascade";
    server.psql("postgres", &["-c", room]).unwrap();
    operate_all(&backend).await.unwrap();
}

#[tokio::test]
async fn the_applications_pool_serves_all_operations() {
    let server = Postgres::start().unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(2).connect(&server.url()).await.unwrap();
    let backend = PostgresBackend::from_pool(pool.clone(), options()).await.unwrap();
    operate_all(&backend).await.unwrap();
    let held = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    for (name, _, error) in all_fail_in_time(&backend).await {
        assert!(!error.may_have_charged(), "{name}: {error}");
        assert!(error.to_string().contains("pool"), "{name}: {error}");
    }
    drop(held);
    operate_all(&backend).await.unwrap();
    limiter_core::Control::shutdown(&backend).await.unwrap();
    pool.execute("select 1").await.unwrap();
}

#[tokio::test]
async fn a_pool_through_a_pgbouncer_serves_all_operations() {
    let server = Postgres::start().unwrap();
    let bouncer = testservers::postgres::PgBouncer::before(&server, 1).unwrap();
    // What a pool for a pooler needs: nothing that PgBouncer refuses.
    let target: sqlx::postgres::PgConnectOptions = bouncer.url().parse().unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(2);
    let pool = pool.connect_with(target.extra_float_digits(None)).await.unwrap();
    let options: Options = options().with_pgbouncer(true);
    let backend = PostgresBackend::from_pool(pool, options).await.unwrap();
    for _ in 0..3 {
        operate_all(&backend).await.unwrap();
    }
}
