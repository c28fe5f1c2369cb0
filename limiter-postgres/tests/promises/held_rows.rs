//! Rows that somebody else holds, for longer than anybody waits.

use std::time::{Duration, Instant};

use limiter_core::{
    Charge, ErrorKind, LeaseRequest, Limit, Period, Quota, QuotaCharge, QuotaTracker, RateLimiter,
    RateLimiterExt, Reservation, Result, Scope, SlotLimiter, limit,
};
use limiter_postgres::PostgresBackend;
use sqlx::{Connection as _, Executor as _, PgConnection};
use testservers::postgres::Postgres;
use tokio::task::JoinSet;

use crate::server::{client, key, options};

const PATIENCE: Duration = Duration::from_millis(700);
const CALLERS: usize = 200;
const CONNECTIONS: u32 = 5;
/// A busy machine answers late by itself.
const MARGIN: Duration = Duration::from_millis(100);
const MINUTE: Limit = limit!("100000/hour");

/// Holds every row there is of `held`, in all tables.
async fn hold(server: &Postgres) -> PgConnection {
    let mut stranger = PgConnection::connect(&server.url()).await.unwrap();
    let held = "position('held'::bytea in key) > 0 for update";
    for statement in ["begin", "rate", "slot", "quota"] {
        let text = match statement {
            "begin" => "begin".to_owned(),
            table => format!("select 1 from limiter.{table} where {held}"),
        };
        stranger.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await.unwrap();
    }
    stranger
}

/// A call of one kind, over this key and at times over another as well.
async fn call(backend: &PostgresBackend, kind: usize, who: &str) -> Result<()> {
    let (own, shared) = (key(who), key("shared"));
    let quota = Quota::new(1_000_000, Period::Year).unwrap();
    match kind % 6 {
        0 => backend.hit_one(&own, &MINUTE).await.map(drop),
        1 => backend.hit(&[Charge::new(&shared, &MINUTE), Charge::new(&own, &MINUTE)]).await.map(drop),
        2 => backend.hit(&[Charge::new(&own, &MINUTE), Charge::new(&shared, &MINUTE)]).await.map(drop),
        3 => {
            let scopes = [Scope::new(own, 10_000), Scope::new(shared, 10_000)];
            let request = LeaseRequest::new(scopes, Duration::from_mins(1)).unwrap();
            backend.acquire(&request).await.map(drop)
        }
        4 => backend.record(&own, &quota, 1).await.map(drop),
        _ => {
            let charges = [QuotaCharge::new(own, quota, 1), QuotaCharge::new(shared, quota, 1)];
            let reservation = Reservation::new(charges, Duration::from_mins(1)).unwrap();
            backend.reserve(&reservation).await.map(drop)
        }
    }
}

/// Two hundred callers over five connections, half of them over what somebody holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_answered_in_time_and_other_keys_go_on() {
    let server = Postgres::start().unwrap();
    let backend = client(&server.url(), options(PATIENCE, CONNECTIONS)).await;
    for kind in 0..6 {
        call(&backend, kind, "held").await.unwrap();
        call(&backend, kind, "free").await.unwrap();
    }
    let stranger = hold(&server).await;
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let backend = backend.clone();
        callers.spawn(async move {
            let who = if caller % 2 == 0 { "held".to_owned() } else { format!("free{}", caller % 20) };
            let start = Instant::now();
            let told = call(&backend, caller / 2, &who).await;
            (who, told, start.elapsed())
        });
    }
    let mut slowest_of_the_free = Duration::ZERO;
    while let Some(told) = callers.join_next().await {
        let (who, told, took) = told.unwrap();
        assert!(took < PATIENCE + MARGIN, "{who}: {took:?}");
        if who == "held" {
            let error = told.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        } else {
            told.unwrap_or_else(|error| panic!("{who}: {error}"));
            slowest_of_the_free = slowest_of_the_free.max(took);
        }
    }
    assert!(slowest_of_the_free < PATIENCE * 2 / 3, "{slowest_of_the_free:?}");
    stranger.close().await.unwrap();
    // Of what somebody held nothing was changed, by those either who may have been.
    let (held, quota) = (key("held"), Quota::new(1_000_000, Period::Year).unwrap());
    let rate = backend.peek(&[Charge::new(&held, &MINUTE)]).await.unwrap();
    assert_eq!(rate.outcomes()[0].remaining(), MINUTE.max() - 3);
    assert_eq!(backend.in_use(&held).await.unwrap(), 1);
    let told = backend.check(&held, &quota).await.unwrap();
    assert_eq!((told.used, told.reserved), (1, 1));
}

/// What waits holds nothing that others want: the key that all share stays free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_a_held_row_keeps_no_other_row_from_others() {
    let server = Postgres::start().unwrap();
    let backend = client(&server.url(), options(Duration::from_secs(2), CONNECTIONS)).await;
    for kind in 0..6 {
        call(&backend, kind, "held").await.unwrap();
    }
    let mut unhindered = Duration::ZERO;
    for kind in [1, 2, 3, 5] {
        unhindered = unhindered.max(twenty(&backend, kind).await);
    }
    let stranger = hold(&server).await;
    for kind in [1, 2, 3, 5] {
        let waiting = {
            let backend = backend.clone();
            tokio::spawn(async move { call(&backend, kind, "held").await })
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        let took = twenty(&backend, kind).await;
        assert!(
            took < 3 * unhindered + Duration::from_millis(200),
            "{kind}: {took:?}, unhindered {unhindered:?}"
        );
        assert!(!waiting.is_finished(), "{kind}");
        waiting.abort();
    }
    drop(stranger);
}

/// How long twenty calls take, one after the other.
async fn twenty(backend: &PostgresBackend, kind: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..20 {
        call(backend, kind, "free").await.unwrap();
    }
    start.elapsed()
}
