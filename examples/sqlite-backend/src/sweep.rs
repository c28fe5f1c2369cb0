//! What has expired goes away, a little at a time.

use std::sync::atomic::Ordering;

use limiter_factory::Result;
use sqlx::{QueryBuilder, Sqlite};

use crate::error;
use crate::store::SqliteStore;

/// From sweep to sweep of one process.
const EVERY_MS: u64 = 60_000;
/// How much goes in one commit: little enough for calls to wait for.
const BATCH: i64 = 200;

impl SqliteStore {
    /// Removes what has expired, in small commits between which others come in. Tells how much that was.
    ///
    /// # Behavior
    /// What is to go is looked for where nobody waits for it, and looked at again under the lock, for which it waits as
    /// long as it takes.
    ///
    /// # Errors
    /// As a call's. What it leaves is for the next one.
    ///
    /// # Cancellation
    /// Each commit takes place as a whole or not at all.
    pub async fn sweep(&self) -> Result<u64> {
        let (mut last, mut swept) = (Vec::new(), 0);
        loop {
            let names = self.expired_after(&last).await.map_err(error::unchanged)?;
            let Some(name) = names.last() else { return Ok(swept) };
            match self.remove(&names).await {
                Ok(removed) => swept += removed,
                Err(error) if error::is_busy(&error) => continue,
                Err(error) => return Err(error::unchanged(error)),
            }
            last.clone_from(name);
        }
    }

    /// Sweeps in the background, if it is time to.
    pub(crate) fn sweep_now_and_then(&self) {
        let (now_ms, next_ms) = (self.clock.now_ms(), self.next_sweep_ms.load(Ordering::Relaxed));
        if now_ms < next_ms {
            return;
        }
        // Of calls that meet here one goes on.
        let later_ms = now_ms.saturating_add(EVERY_MS);
        let taken =
            self.next_sweep_ms.compare_exchange(next_ms, later_ms, Ordering::Relaxed, Ordering::Relaxed);
        if taken.is_ok() {
            let store = self.clone();
            tokio::spawn(async move { store.sweep().await });
        }
    }

    async fn expired_after(&self, last: &[u8]) -> sqlx::Result<Vec<Vec<u8>>> {
        let names =
            "SELECT name FROM limiter_values WHERE name > ? AND expires_ms <= ? ORDER BY name LIMIT ?";
        sqlx::query_scalar(names).bind(last).bind(self.now()).bind(BATCH).fetch_all(&self.readers).await
    }

    async fn remove(&self, names: &[Vec<u8>]) -> sqlx::Result<u64> {
        let mut statement = QueryBuilder::<Sqlite>::new("DELETE FROM limiter_values WHERE expires_ms <= ");
        let mut list = statement.push_bind(self.now()).push(" AND name IN (").separated(", ");
        for name in names {
            list.push_bind(name.as_slice());
        }
        statement.push(")").build().execute(&self.writer).await.map(|done| done.rows_affected())
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX)
    }
}
