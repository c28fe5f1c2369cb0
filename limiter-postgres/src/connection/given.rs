//! Connections of a pool that the application has made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use limiter_core::ErrorKind;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgSslMode};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use crate::error::{Failure, Refusal};
use crate::facts::Facts;
use crate::options::Options;

/// A pool that the application has made. When it connects, and for how long it tries, is its own business; a call waits
/// for it until its deadline.
pub(super) struct Given {
    pool: PgPool,
    shut: AtomicBool,
}

impl Given {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool, shut: AtomicBool::new(false) }
    }

    /// What the server tells of itself, if it can be used.
    pub(super) async fn first(&self, options: &Options) -> Result<Facts, Failure> {
        let deadline = Instant::now() + options.connect_timeout;
        let mut borrowed = self.take(deadline).await?;
        let asked = timeout_at(deadline, Facts::ask(borrowed.connection())).await;
        let facts = asked.map_err(|_| refused(Refusal::slow(options.connect_timeout)))?;
        let facts = facts.map_err(|error| refused(Refusal::of(&error, PgSslMode::Prefer)))?;
        facts.check(options.strict).map_err(refused)?;
        borrowed.give_back();
        Ok(facts)
    }

    pub(super) async fn take(&self, deadline: Instant) -> Result<Borrowed, Failure> {
        if let Some(failure) = self.refusal() {
            return Err(failure);
        }
        match timeout_at(deadline, self.pool.acquire()).await {
            Ok(Ok(connection)) => Ok(Borrowed { connection: Some(connection), runtime: Handle::current() }),
            Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) => Err(refused(Refusal::new(
                ErrorKind::Unavailable,
                "the application's pool had no connection in time: all are in use, or the server can't be reached",
            ))),
            Ok(Err(sqlx::Error::PoolClosed)) => {
                Err(refused(Refusal::new(ErrorKind::Unavailable, "the application's pool was closed")))
            }
            Ok(Err(error)) => Err(refused(Refusal::of(&error, PgSslMode::Prefer))),
        }
    }

    /// A connection that the pool gets another for.
    pub(super) async fn apart(&self, allowed: Duration) -> Result<PgConnection, Refusal> {
        match timeout_at(Instant::now() + allowed, self.pool.acquire()).await {
            Ok(Ok(connection)) => Ok(connection.detach()),
            Ok(Err(error)) => Err(Refusal::of(&error, PgSslMode::Prefer)),
            Err(_) => Err(Refusal::slow(allowed)),
        }
    }

    pub(super) fn refusal(&self) -> Option<Failure> {
        self.shut.load(Ordering::Relaxed).then(|| refused(Refusal::shut()))
    }

    pub(super) fn shut(&self) {
        self.shut.store(true, Ordering::Relaxed);
    }
}

fn refused(refusal: Refusal) -> Failure {
    Failure::NoConnection(Arc::new(refusal))
}

/// One of the pool's connections while it is in use. Dropped without being given back it is closed.
pub(super) struct Borrowed {
    connection: Option<PoolConnection<Postgres>>,
    /// The pool starts a task when it gets a connection back, and panics where there is no runtime.
    runtime: Handle,
}

impl Borrowed {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        #[allow(clippy::expect_used, reason = "only what consumes it takes the connection away")]
        self.connection.as_mut().expect("in use")
    }

    pub(super) fn give_back(mut self) {
        let _entered = self.runtime.enter();
        drop(self.connection.take());
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _entered = self.runtime.enter();
            drop(connection.detach());
        }
    }
}
