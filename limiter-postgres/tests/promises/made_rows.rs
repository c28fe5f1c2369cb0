//! Rows that somebody else is just making, or has just deleted, in a transaction that stays open.

use std::time::{Duration, Instant};

use limiter_core::{
    LeaseRequest, Period, Quota, QuotaCharge, QuotaTracker, Reservation, Result, Scope, SlotLimiter,
};
use limiter_postgres::PostgresBackend;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testservers::postgres::Postgres;
use tokio::task::JoinSet;

use crate::server::{client, key, options};

const PATIENCE: Duration = Duration::from_millis(1500);
const CONNECTIONS: u32 = 4;
const MAKE_SLOT: &str =
    "select * from limiter.acquire('stranger', array[limiter.key('promise', 'made')], '{9}', 1, 60000)";
const MAKE_QUOTA: &str = "select * from limiter.record(limiter.key('promise', 'made'), 5, 0, 1000000, 1)";
const FORGET_QUOTA: &str = "select limiter.reset_quota(limiter.key('promise', 'made'), 5, 0)";

/// Does something to the row `made`, and leaves its transaction open.
async fn leave_open(server: &Postgres, statement: &str) -> PgConnection {
    let mut stranger = PgConnection::connect(&server.url()).await.unwrap();
    let text = format!("begin; {statement}");
    stranger.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.unwrap();
    stranger
}

async fn lease(backend: &PostgresBackend, who: &[&str]) -> Result<()> {
    let scopes: Vec<_> = who.iter().map(|who| Scope::new(key(who), 10_000)).collect();
    let request = LeaseRequest::new(scopes, Duration::from_mins(1)).unwrap();
    backend.acquire(&request).await.map(drop)
}

async fn reserve(backend: &PostgresBackend, who: &[&str]) -> Result<()> {
    let quota = Quota::new(1_000_000, Period::Year).unwrap();
    let charges: Vec<_> = who.iter().map(|who| QuotaCharge::new(key(who), quota, 1)).collect();
    let reservation = Reservation::new(charges, Duration::from_mins(1)).unwrap();
    backend.reserve(&reservation).await.map(drop)
}

/// Leases where `slots`, else reservations.
async fn call(backend: &PostgresBackend, slots: bool, who: &[&str]) -> Result<()> {
    if slots { lease(backend, who).await } else { reserve(backend, who).await }
}

/// Many that want the row, alone or with one that all share, while others don't; then the stranger goes.
async fn others_go_on(statement: &str, slots: bool) {
    let server = Postgres::start().unwrap();
    let backend = client(&server.url(), options(PATIENCE, CONNECTIONS)).await;
    call(&backend, slots, &["shared"]).await.unwrap();
    if statement == FORGET_QUOTA {
        call(&backend, slots, &["made"]).await.unwrap();
    }
    let mut stranger = leave_open(&server, statement).await;
    let mut waiting = JoinSet::new();
    for caller in 0..3 * CONNECTIONS {
        let backend = backend.clone();
        let who: &[&str] = [&["made"][..], &["shared", "made"], &["made", "shared"]][caller as usize % 3];
        waiting.spawn(async move { call(&backend, slots, who).await });
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    for _ in 0..10 {
        call(&backend, slots, &["free", "shared"]).await.unwrap();
    }
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    assert!(waiting.try_join_next().is_none(), "nobody has the row yet");
    stranger.execute("rollback").await.unwrap();
    while let Some(told) = waiting.join_next().await {
        told.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_slot_that_somebody_makes_takes_no_connection_from_others() {
    others_go_on(MAKE_SLOT, true).await;
}

#[tokio::test]
async fn a_quota_that_somebody_makes_takes_no_connection_from_others() {
    others_go_on(MAKE_QUOTA, false).await;
}

#[tokio::test]
async fn a_quota_that_somebody_deletes_takes_no_connection_from_others() {
    others_go_on(FORGET_QUOTA, false).await;
}
