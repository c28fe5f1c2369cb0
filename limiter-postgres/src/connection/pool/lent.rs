//! A connection in use.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::idle::Idle;
use super::shared::{Shared, refused};
use crate::error::{Failure, Refusal};

/// After so long a connection may have ended without anybody having noticed: it is tried before it is used.
const DOUBTFUL: Duration = Duration::from_secs(1);
/// So long one is used, lest it stay with an address that the server's name doesn't stand for any more.
const LIFETIME: Duration = Duration::from_mins(30);

/// A connection that one caller uses. Dropped without being given back it is closed: neither blocks, nor needs a
/// runtime.
pub(in super::super) struct Lent {
    connection: Option<PgConnection>,
    born: Instant,
    /// When it was last used, if that is doubtful.
    since: Option<Instant>,
    shared: Arc<Shared>,
    /// Others wait for it: it is freed after the connection was put back.
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    pub(super) fn new(connection: PgConnection, permit: OwnedSemaphorePermit, shared: Arc<Shared>) -> Self {
        let born = Instant::now();
        Self { connection: Some(connection), born, since: None, shared, _permit: permit }
    }

    pub(super) fn again(idle: Idle, permit: OwnedSemaphorePermit, shared: Arc<Shared>) -> Self {
        let (connection, since) = (Some(idle.connection), Some(idle.since));
        Self { connection, born: idle.born, since, shared, _permit: permit }
    }

    /// Itself, unless it has ended while nobody used it. A round trip for one that was idle for long, and else none.
    pub(super) async fn alive(mut self, deadline: Instant) -> Result<Option<Self>, Failure> {
        let now = Instant::now();
        if self.since.take().is_none_or(|since| now.saturating_duration_since(since) < DOUBTFUL) {
            return Ok(Some(self));
        }
        // Where nothing comes back there must be time for another.
        let patience = now + deadline.saturating_duration_since(now) / 2;
        match timeout_at(patience, self.connection().ping()).await {
            Ok(Ok(())) => Ok(Some(self)),
            Ok(Err(_)) | Err(_) if Instant::now() < deadline => {
                self.close_all();
                Ok(None)
            }
            Ok(Err(_)) | Err(_) => Err(refused(Refusal::none_yet())),
        }
    }

    pub(in super::super) fn connection(&mut self) -> &mut PgConnection {
        #[allow(clippy::expect_used, reason = "only what consumes it takes the connection away")]
        self.connection.as_mut().expect("in use")
    }

    /// It can be used again.
    pub(in super::super) fn give_back(mut self) {
        let now = Instant::now();
        if now.saturating_duration_since(self.born) >= LIFETIME {
            return;
        }
        if let Some(connection) = self.connection.take() {
            let needless = self.shared.state().give_back(Idle { connection, born: self.born, since: now });
            drop(needless);
        }
    }

    /// It can't be used again, nor can those that are idle.
    pub(in super::super) fn close_all(self) {
        let idle = self.shared.state().lose_idle();
        drop(idle);
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection);
            self.shared.state().lose();
        }
    }
}
