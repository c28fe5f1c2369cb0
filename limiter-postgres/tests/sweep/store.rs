//! Databases of one's own on one server, and backends that sweep them or don't.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use limiter_core::Key;
use limiter_postgres::{Config, Options, PostgresBackend};
use testservers::postgres::Postgres;
use tokio::time::sleep;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::with(&[("max_connections", "200")]).unwrap());

/// A database of a test.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    url: String,
    database: String,
}

impl Store {
    /// A new database with all tables, and a backend that sweeps only when asked to.
    pub(crate) async fn new() -> (Self, PostgresBackend) {
        let url = SERVER.new_database().unwrap();
        let database = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        let store = Self { url, database };
        let backend = store.backend(None).await;
        (store, backend)
    }

    /// A backend that sweeps every so often.
    pub(crate) async fn backend(&self, every: Option<Duration>) -> PostgresBackend {
        PostgresBackend::connect(self.config(every)).await.unwrap()
    }

    pub(crate) fn config(&self, every: Option<Duration>) -> Config {
        let options = Options::default().with_sweep_every(every).unwrap();
        let options = options.with_response_timeout(Duration::from_secs(20)).unwrap();
        Config::new(&self.url).unwrap().with_options(options)
    }

    /// What the server answers to SQL.
    pub(crate) fn ask(&self, sql: &str) -> String {
        SERVER.psql(&self.database, &["-c", sql]).unwrap()
    }

    /// Figures of the server's, once they have come.
    pub(crate) fn figures(&self, sql: &str) -> String {
        SERVER.figures(&self.database, sql).unwrap()
    }

    /// A number that the server answers.
    pub(crate) fn number(&self, sql: &str) -> u64 {
        let answer = self.ask(sql);
        answer.parse().unwrap_or_else(|_| panic!("{sql}: {answer}"))
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> u64 {
        self.number(&format!("select count(*) from limiter.{table}"))
    }

    /// Waits until a table has so many rows.
    pub(crate) async fn until(&self, table: &str, rows: u64) {
        let begun = Instant::now();
        while self.count(table) != rows {
            assert!(begun.elapsed() < Duration::from_secs(10), "{} rows in {table}", self.count(table));
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Counters whose time is up.
    pub(crate) fn expired_counters(&self, count: u64) {
        self.ask(&format!(
            "insert into limiter.rate (key, gone) select int8send(i), 1 from generate_series(1, {count}) i"
        ));
    }
}

/// The time from which on a row is gone that isn't while a test runs.
pub(crate) const LATER: u64 = 9_000_000_000_000_000;

pub(crate) fn key(subject: &str) -> Key {
    Key::new("sweep", subject).unwrap()
}
