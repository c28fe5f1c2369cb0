//! A connection that nobody uses.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::Instant;

/// After so long nobody needs it.
const NEEDLESS: Duration = Duration::from_mins(1);

/// A connection that nobody uses.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) connection: PgConnection,
    pub(super) born: Instant,
    pub(super) since: Instant,
}

impl Idle {
    pub(super) fn is_needless(&self) -> bool {
        self.since.elapsed() >= NEEDLESS
    }

    /// Takes leave of the server.
    pub(super) async fn close(self) {
        // It is closed either way.
        let _ = self.connection.close().await;
    }
}
