//! The store: a table of values in a SQLite file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use limiter_factory::{Capabilities, CasStore, CasWrite, Clock, Control, Loaded, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, QueryBuilder, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::time::{Instant, sleep, timeout_at};

use crate::clock::MachineClock;
use crate::config::Config;
use crate::error;

/// Its layout is only ever added to: processes of two releases may share a file.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS limiter_values \
                     (name BLOB PRIMARY KEY, value BLOB NOT NULL, expires_ms INTEGER NOT NULL) WITHOUT ROWID";
const READERS: u32 = 4;
/// How long SQLite itself waits for the lock before a writer asks anew: the longer it waits, the more rarely it looks.
const LOOK_AFRESH: Duration = Duration::from_millis(10);

/// Values in a SQLite file. Clones are the same store.
///
/// # Behavior
/// Loads wait for nobody. Commits take turns: in a process in the order in which they come, among processes as
/// SQLite's lock falls to them.
///
/// # Errors
/// [`Timeout`](limiter_factory::ErrorKind::Timeout) when others held the lock for as long as a call may wait;
/// [`Unavailable`](limiter_factory::ErrorKind::Unavailable) when the file can't be used now, its disk is full, or the
/// store was shut down; [`Protocol`](limiter_factory::ErrorKind::Protocol) when it isn't what it should be. A commit of
/// which it isn't known whether it took place says so.
///
/// # Cancellation
/// A dropped commit takes place as a whole or not at all.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// For loads, several at a time.
    pub(crate) readers: SqlitePool,
    /// For commits, one at a time: SQLite knows one writer, and who waits here is let in before those who come later.
    pub(crate) writer: SqlitePool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) next_sweep_ms: Arc<AtomicU64>,
    timeout: Duration,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens the file, or makes it, by the system's clock.
    ///
    /// # Errors
    /// [`Config`](limiter_factory::ErrorKind::Config) when it can't be opened or made; otherwise those of a call.
    ///
    /// # Cancellation
    /// Dropped, it leaves at most an empty file behind.
    pub async fn open(config: Config) -> Result<Self> {
        Self::by(Arc::new(MachineClock), 0, config).await
    }

    /// The same by a clock that is handed in, for tests and traces. What has expired stays.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_with_clock(config: Config, clock: impl Clock) -> Result<Self> {
        Self::by(Arc::new(clock), u64::MAX, config).await
    }

    async fn by(clock: Arc<dyn Clock>, next_sweep_ms: u64, config: Config) -> Result<Self> {
        let (path, timeout) = (config.path().to_owned(), config.timeout());
        let writer = pool(&config, 1, LOOK_AFRESH);
        let made = until(Instant::now() + timeout, make(&writer)).await;
        made.map_err(|error| error::unopened(error, &path))?;
        let readers = pool(&config, READERS, timeout);
        Ok(Self { readers, writer, clock, next_sweep_ms: Arc::new(next_sweep_ms.into()), timeout, path })
    }

    /// Writes and commits by then, with a connection of one's own.
    async fn write(
        &self,
        connection: &mut SqliteConnection,
        writes: &[CasWrite],
        by: Instant,
    ) -> Result<bool> {
        loop {
            let written = until(by, write_all(connection, writes)).await;
            if written.as_ref().is_err_and(error::is_busy) {
                continue;
            }
            let Some(transaction) = written.map_err(error::unchanged)? else { return Ok(false) };
            until(by, transaction.commit()).await.map_err(error::uncertain)?;
            return Ok(true);
        }
    }
}

#[async_trait]
impl CasStore for SqliteStore {
    async fn load(&self, names: &[Vec<u8>]) -> Result<Loaded> {
        let values = until(Instant::now() + self.timeout, values(&self.readers, names)).await;
        Ok(Loaded { values: values.map_err(error::unchanged)?, now_ms: self.clock.now_ms() })
    }

    async fn commit(&self, writes: &[CasWrite]) -> Result<bool> {
        let by = Instant::now() + self.timeout;
        let mut connection = until(by, self.writer.acquire()).await.map_err(error::unchanged)?;
        let outcome = self.write(&mut connection, writes, by).await;
        if outcome.is_err() {
            // SQLite may have ended the transaction by itself, which the library doesn't notice.
            connection.close_on_drop();
        }
        self.sweep_now_and_then();
        outcome
    }

    async fn pause(&self, attempt: u32) {
        // Up to twice as long each time: so many more come in one after the other without meeting.
        sleep(Duration::from_millis(fastrand::u64(0..=1 << attempt.min(5)))).await;
    }
}

#[async_trait]
impl Control for SqliteStore {
    async fn ping(&self) -> Result<()> {
        self.load(&[Vec::new()]).await.map(drop)
    }

    async fn shutdown(&self) -> Result<()> {
        self.readers.close().await;
        self.writer.close().await;
        Ok(())
    }

    fn describe(&self) -> String {
        format!("sqlite: {}, calls wait up to {:?}", self.path.display(), self.timeout)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_atomic_keys().with_durable().with_shared()
    }
}

fn pool(config: &Config, connections: u32, busy_timeout: Duration) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(config.path())
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged outlives the machine, not the process alone.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(busy_timeout)
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(config.timeout());
    pool.test_before_acquire(false).connect_lazy_with(options)
}

/// Makes the file and its table if they aren't there. Turning to WAL mode, which is done once, doesn't wait for the
/// lock by itself.
async fn make(writer: &SqlitePool) -> sqlx::Result<()> {
    while let Err(error) = sqlx::query(TABLE).execute(writer).await {
        if !error::is_busy(&error) {
            return Err(error);
        }
        sleep(Duration::from_millis(fastrand::u64(1..=20))).await;
    }
    Ok(())
}

/// What stands under the names, in their order, as of one moment: one statement sees one state.
async fn values(readers: &SqlitePool, names: &[Vec<u8>]) -> sqlx::Result<Vec<Option<Vec<u8>>>> {
    let mut statement = QueryBuilder::<Sqlite>::new("SELECT value FROM (");
    statement.push_values((0_i64..).zip(names), |mut row, (place, name)| {
        row.push_bind(place).push_bind(name.as_slice());
    });
    statement.push(") AS asked LEFT JOIN limiter_values ON name = asked.column2 ORDER BY asked.column1");
    statement.build_query_scalar().fetch_all(readers).await
}

/// Takes the lock and writes; `None` when another was faster, and nothing is left of it.
async fn write_all<'c>(
    connection: &'c mut SqliteConnection,
    writes: &[CasWrite],
) -> sqlx::Result<Option<Transaction<'c, Sqlite>>> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for write in writes {
        if !swap(&mut transaction, write).await? {
            return Ok(None);
        }
    }
    Ok(Some(transaction))
}

/// Whether the value was as it should be; then it is written, or removed.
async fn swap(connection: &mut SqliteConnection, write: &CasWrite) -> sqlx::Result<bool> {
    let held = sqlx::query_scalar("SELECT value FROM limiter_values WHERE name = ?").bind(&write.name);
    let held: Option<Vec<u8>> = held.fetch_optional(&mut *connection).await?;
    if held != write.before {
        return Ok(false);
    }
    match &write.after {
        after if *after == held => return Ok(true),
        Some(after) => {
            let expires_ms = i64::try_from(write.expires_ms).unwrap_or(i64::MAX);
            let put = sqlx::query("REPLACE INTO limiter_values (name, value, expires_ms) VALUES (?, ?, ?)");
            put.bind(&write.name).bind(after).bind(expires_ms).execute(connection).await?
        }
        None => {
            let gone = sqlx::query("DELETE FROM limiter_values WHERE name = ?");
            gone.bind(&write.name).execute(connection).await?
        }
    };
    Ok(true)
}

/// The answer, if it comes by then.
async fn until<T>(by: Instant, answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout_at(by, answer).await.unwrap_or_else(|_| Err(error::too_slow()))
}

#[cfg(test)]
mod tests {
    use limiter_factory::ErrorKind;
    use tempfile::TempDir;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    async fn store() -> (TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path().join("limits.db")).unwrap();
        (folder, SqliteStore::open(config.with_timeout(PATIENCE)).await.unwrap())
    }

    fn write(name: &str, bytes: usize) -> CasWrite {
        CasWrite { name: name.into(), before: None, after: Some(vec![7; bytes]), expires_ms: u64::MAX }
    }

    #[tokio::test]
    async fn every_commit_waits_for_the_disk_and_no_load_for_a_commit() {
        let (_folder, store) = store().await;
        for pool in [&store.writer, &store.readers] {
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
            let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
            assert_eq!((synchronous, &*journal), (2, "wal"));
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_an_outage_that_changes_nothing_and_passes() {
        let (_folder, store) = store().await;
        assert!(store.commit(&[write("before", 10)]).await.unwrap());
        sqlx::query("PRAGMA max_page_count = 3").execute(&store.writer).await.unwrap();
        let error = store.commit(&[write("small", 10), write("large", 100_000)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(!error.may_have_charged() && error.to_string().contains("no room left"), "{error:?}");
        // There is room again, for whoever connects anew.
        assert!(store.commit(&[write("after", 100_000)]).await.unwrap());
        let names = ["before", "small", "large", "after"].map(Into::into);
        let held = store.load(&names).await.unwrap().values;
        assert_eq!(held.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true]);
    }

    #[tokio::test]
    async fn a_table_that_is_not_ours_is_no_answer() {
        let (_folder, store) = store().await;
        sqlx::query("DROP TABLE limiter_values").execute(&store.writer).await.unwrap();
        for error in [store.ping().await.unwrap_err(), store.commit(&[write("a", 1)]).await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
            assert!(!error.may_have_charged(), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_commit_that_is_only_checked_compares_and_writes_nothing() {
        let (_folder, store) = store().await;
        assert!(store.commit(&[write("a", 1)]).await.unwrap());
        let same = CasWrite { before: Some(vec![7]), expires_ms: 0, ..write("a", 1) };
        let other = CasWrite { before: Some(vec![8]), after: Some(vec![8]), ..same.clone() };
        let nothing = CasWrite { after: None, ..write("b", 0) };
        assert!(store.commit(&[same.clone(), nothing.clone()]).await.unwrap());
        assert!(!store.commit(&[nothing, other]).await.unwrap());
        assert_eq!(store.sweep().await.unwrap(), 0, "its expiry isn't touched");
        let gone = CasWrite { after: None, ..same };
        assert!(store.commit(std::slice::from_ref(&gone)).await.unwrap());
        assert!(!store.commit(&[gone]).await.unwrap());
    }
}
