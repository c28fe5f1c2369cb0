//! A lock that somebody holds for longer than a call may wait.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use limiter_factory::{
    Backend, CasBackend, ErrorKind, Key, LeaseRequest, Limit, Period, Quota, QuotaTrackerExt, RateLimiterExt,
    Scope, limit,
};
use sqlite_backend::SqliteStore;
use sqlx::Connection;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::blocker::connection;
use crate::counts::counted;
use crate::file::File;

const TIMEOUT: Duration = Duration::from_millis(400);
/// How much longer than that a call may take.
const MOST: Duration = Duration::from_millis(100);
const HELD: Duration = Duration::from_millis(1500);
const CALLERS: u64 = 24;
const LIMIT: Limit = limit!("fixed 100/366d");

fn key() -> Key {
    Key::new("blocked", "user").unwrap()
}

async fn backend(file: &File) -> Backend {
    let store = SqliteStore::open(file.config().with_timeout(TIMEOUT)).await.unwrap();
    Backend::new("sqlite", Arc::new(CasBackend::new(store)))
}

/// Makes a call that must be refused, beside a look and a sleep as long as it may wait; tells how much longer it took than
/// those, for which a busy machine isn't to blame.
async fn overtime<T: Debug>(
    backend: &Backend,
    call: impl Future<Output = limiter_factory::Result<T>>,
) -> Duration {
    let begun = Instant::now();
    let timed = async { (timeout(HELD, call).await, begun.elapsed()) };
    let idle = async {
        counted(backend, &key(), &LIMIT).await;
        sleep(TIMEOUT).await;
        begun.elapsed()
    };
    let ((refused, took), idled) = tokio::join!(timed, idle);
    let error = refused.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(!error.may_have_charged(), "{error:?}");
    took.saturating_sub(idled)
}

async fn overtime_of_a_hit(backend: Backend) -> Duration {
    overtime(&backend, async { backend.rates.hit_one(&key(), &LIMIT).await }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_end_in_time_and_charge_nothing_while_somebody_holds_the_lock() {
    let file = File::new();
    let backend = backend(&file).await;
    assert!(backend.rates.hit_one(&key(), &LIMIT).await.unwrap().is_allowed());
    let mut other = connection(file.path(), Duration::ZERO).await;
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let held = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(overtime_of_a_hit(backend.clone()));
        sleep(Duration::from_millis(20)).await;
    }
    for overtime in callers.join_all().await {
        assert!(overtime <= MOST, "{overtime:?}");
    }
    // What only looks is answered all the while.
    assert_eq!(counted(&backend, &key(), &LIMIT).await, 1);
    sleep(HELD.saturating_sub(held.elapsed())).await;
    lock.rollback().await.unwrap();
    assert!(backend.rates.hit_one(&key(), &LIMIT).await.unwrap().is_allowed());
    // Whoever gave up isn't let in behind our back.
    sleep(TIMEOUT).await;
    assert_eq!(counted(&backend, &key(), &LIMIT).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_and_quotas_end_in_time_too() {
    let file = File::new();
    let backend = backend(&file).await;
    let mut other = connection(file.path(), Duration::ZERO).await;
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let (user, quota) = (key(), Quota::new(10, Period::Year).unwrap());
    let request = LeaseRequest::new([Scope::new(user.clone(), 1)], Duration::from_mins(1)).unwrap();
    let (slots, quotas) = tokio::join!(
        overtime(&backend, backend.slots.acquire(&request)),
        overtime(&backend, backend.quotas.record(&user, &quota, 1)),
    );
    assert!(slots <= MOST && quotas <= MOST, "{slots:?}, {quotas:?}");
    lock.rollback().await.unwrap();
    assert_eq!(backend.slots.in_use(&user).await.unwrap(), 0);
    assert_eq!(backend.quotas.used(&user, &quota).await.unwrap(), 0);
}
