//! Clients of servers, and each of their operations once.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;

use limiter_core::{
    Charge, Error, Key, LeaseRequest, Limit, Period, Quota, QuotaCharge, QuotaTracker, RateLimiter,
    Reservation, Result, Scope, SlotLimiter,
};
use limiter_postgres::{Config, Options, PostgresBackend};
use testservers::postgres::Postgres;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const CONNECT: Duration = Duration::from_secs(1);
pub(crate) const RESPONSE: Duration = Duration::from_millis(500);
/// What a call may take beyond its timeout.
const SLACK: Duration = Duration::from_millis(100);
/// So long that no window turns and no lease ends while a test runs.
const LONG: Duration = Duration::from_hours(366 * 24);
const TTL: Duration = Duration::from_hours(1);

/// The name of each operation and whether it changes anything.
pub(crate) const OPERATIONS: [(&str, bool); 12] = [
    ("hit", true),
    ("peek", false),
    ("reset", true),
    ("acquire", true),
    ("renew", true),
    ("release", true),
    ("in_use", false),
    ("leases", false),
    ("check", false),
    ("record", true),
    ("reserve", true),
    ("settle", true),
];

pub(crate) fn key(who: &str) -> Key {
    Key::new("fault", who).unwrap()
}

pub(crate) fn limit(max: u64) -> Limit {
    Limit::fixed_window(max, LONG).unwrap()
}

pub(crate) fn yearly(max: u64) -> Quota {
    Quota::new(max, Period::Year).unwrap()
}

/// One permit for an hour.
pub(crate) fn lease(who: &str, cap: u64) -> LeaseRequest {
    LeaseRequest::new(vec![Scope::new(key(who), cap)], TTL).unwrap()
}

pub(crate) fn reservation(who: &str, max: u64, amount: u64) -> Reservation {
    Reservation::new(vec![QuotaCharge::new(key(who), yearly(max), amount)], TTL).unwrap()
}

pub(crate) fn options() -> Options {
    let options = Options::default().with_connect_timeout(CONNECT).unwrap();
    options.with_response_timeout(RESPONSE).unwrap().with_pool_size(4).unwrap()
}

/// A client of whoever listens there.
pub(crate) async fn client_at(address: SocketAddr, options: Options) -> Result<PostgresBackend> {
    let url = format!("postgres://postgres@{address}/postgres?sslmode=disable");
    PostgresBackend::connect(Config::new(&url).unwrap().with_options(options)).await
}

pub(crate) async fn client(server: &Postgres) -> PostgresBackend {
    client_at(server.address(), options()).await.unwrap()
}

/// Does one of the operations.
pub(crate) async fn operate(backend: &PostgresBackend, name: &str) -> Result<()> {
    let (key, limit, quota) = (key("operation"), limit(1000), yearly(1_000_000));
    let (request, reservation) = (lease("operation", 1000), reservation("operation", 1_000_000, 1));
    let charges = [Charge::new(&key, &limit)];
    match name {
        "hit" => backend.hit(&charges).await.map(drop),
        "peek" => backend.peek(&charges).await.map(drop),
        "reset" => RateLimiter::reset(backend, &key, &limit).await,
        "acquire" => backend.acquire(&request).await.map(drop),
        "renew" => backend.renew(&[request.lease()]).await.map(drop),
        "release" => backend.release(&[request.lease()]).await.map(drop),
        "in_use" => backend.in_use(&key).await.map(drop),
        "leases" => backend.leases(&key).await.map(drop),
        "check" => backend.check(&key, &quota).await.map(drop),
        "record" => backend.record(&key, &quota, 1).await.map(drop),
        "reserve" => backend.reserve(&reservation).await.map(drop),
        "settle" => backend.settle(&reservation.settlement(&[1]).unwrap()).await.map(drop),
        name => panic!("{name}"),
    }
}

/// Does all operations, one after the other.
pub(crate) async fn operate_all(backend: &PostgresBackend) -> Result<()> {
    for (name, _) in OPERATIONS {
        operate(backend, name).await?;
    }
    Ok(())
}

/// Proves that what comes of a call comes within its timeout. On a busy machine a wait takes longer than it was asked
/// to, and so may a call.
pub(crate) async fn in_time<T: Debug>(
    patience: Duration,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let begun = Instant::now();
    let wait = async {
        sleep(patience).await;
        begun.elapsed()
    };
    let (waited, (answer, taken)) = tokio::join!(wait, async { (call.await, begun.elapsed()) });
    assert!(taken <= waited + SLACK, "it took {taken:?}: {answer:?}");
    answer
}

/// Does all operations at once, each in time, and hands out each one's error with its name.
pub(crate) async fn all_fail_in_time(backend: &PostgresBackend) -> Vec<(&'static str, bool, Error)> {
    let mut calls = JoinSet::new();
    for (name, changes) in OPERATIONS {
        let backend = backend.clone();
        calls.spawn(async move {
            let error = in_time(RESPONSE, operate(&backend, name)).await.unwrap_err();
            assert_eq!(error.operation(), Some(name));
            (name, changes, error)
        });
    }
    calls.join_all().await
}

/// Hits until that succeeds, and returns how long it took.
pub(crate) async fn until_it_works(backend: &PostgresBackend, limit: Duration) -> Duration {
    let begun = Instant::now();
    loop {
        match operate(backend, "hit").await {
            Ok(()) => return begun.elapsed(),
            Err(error) => assert!(begun.elapsed() < limit, "still after {limit:?}: {error}"),
        }
        sleep(Duration::from_millis(10)).await;
    }
}
