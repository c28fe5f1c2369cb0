//! Somebody else who takes the database's lock.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Takes the lock for moments, again and again, until it is dropped; and a witness who finds it taken.
#[derive(Debug)]
pub(crate) struct Blocker {
    busy: Arc<AtomicU64>,
    _tasks: JoinSet<()>,
}

impl Blocker {
    /// Each moment is as long as one of the first, and as long after the one before as one of the second, in ms.
    pub(crate) async fn start(path: &Path, moments: [RangeInclusive<u64>; 2]) -> Self {
        let busy = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        let connection_of_its_own = connection(path, Duration::from_secs(20)).await;
        tasks.spawn(take_for_moments(connection_of_its_own, moments));
        tasks.spawn(look_on(connection(path, Duration::ZERO).await, Arc::clone(&busy)));
        Self { busy, _tasks: tasks }
    }

    /// How often `SQLITE_BUSY` was seen.
    pub(crate) fn busy(&self) -> u64 {
        self.busy.load(Ordering::Relaxed)
    }
}

/// A connection of its own, beside any store.
pub(crate) async fn connection(path: &Path, busy_timeout: Duration) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(busy_timeout);
    options.connect().await.unwrap()
}

async fn take_for_moments(mut connection: SqliteConnection, [taken, free]: [RangeInclusive<u64>; 2]) {
    loop {
        let lock = connection.begin_with("BEGIN EXCLUSIVE").await.unwrap();
        sleep(Duration::from_millis(fastrand::u64(taken.clone()))).await;
        lock.rollback().await.unwrap();
        sleep(Duration::from_millis(fastrand::u64(free.clone()))).await;
    }
}

async fn look_on(mut connection: SqliteConnection, busy: Arc<AtomicU64>) {
    loop {
        match connection.begin_with("BEGIN IMMEDIATE").await {
            Ok(lock) => lock.rollback().await.unwrap(),
            Err(error) => {
                let code = error.as_database_error().and_then(DatabaseError::code).unwrap();
                assert_eq!(code, "5", "{error}");
                busy.fetch_add(1, Ordering::Relaxed);
            }
        }
        sleep(Duration::from_millis(5)).await;
    }
}
