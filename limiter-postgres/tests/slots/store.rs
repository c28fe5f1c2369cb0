//! Databases of one's own on one server, clients of them, and their tables seen past all functions of ours.

use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use limiter_core::{Key, Lease, LeaseId, LeaseRequest, ManualClock, Scope, SlotLimiter};
use limiter_postgres::{Config, Options, PostgresBackend};
use testservers::postgres::Postgres;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::with(&[("max_connections", "200")]).unwrap());

/// Longer than any test takes.
pub(crate) const LONG: Duration = Duration::from_mins(10);

/// A database of a test.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) url: String,
    database: String,
}

impl Store {
    pub(crate) fn new() -> Self {
        let url = SERVER.new_database().unwrap();
        let database = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        Self { url, database }
    }

    /// What the server answers to SQL.
    pub(crate) fn ask(&self, sql: &str) -> String {
        SERVER.psql(&self.database, &["-c", sql]).unwrap()
    }

    /// A number that the server answers.
    pub(crate) fn number(&self, sql: &str) -> u64 {
        let answer = self.ask(sql);
        answer.parse().unwrap_or_else(|_| panic!("{sql}: {answer}"))
    }

    /// A figure of the server's, once it has come.
    pub(crate) fn figure(&self, sql: &str) -> u64 {
        SERVER.figures(&self.database, sql).unwrap().parse().unwrap()
    }

    /// The server's time.
    pub(crate) fn now_ms(&self) -> u64 {
        self.number("select floor(extract(epoch from clock_timestamp()) * 1000)::bigint")
    }

    /// Live leases of all keys.
    pub(crate) fn live(&self) -> u64 {
        self.number(
            "select count(*) from limiter.lease where expires > extract(epoch from clock_timestamp()) * 1000",
        )
    }

    /// Holds the row of a lease's key, from now on and for so long; tells the server's time right before it is free.
    pub(crate) fn hold(&self, lease: &Lease, seconds: f64) -> JoinHandle<u64> {
        let this = self.clone();
        let key = format!("select l.key from limiter.lease l where l.id = '{}'", lease.id());
        let hold = format!(
            "begin; select from limiter.slot s where s.key = any ({key}) for update; select from pg_sleep({seconds}); \
             select floor(extract(epoch from clock_timestamp()) * 1000); commit"
        );
        let holder = thread::spawn(move || this.ask(&hold).trim().parse().unwrap());
        let sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
        while self.number(sleeping) == 0 {
            assert!(!holder.is_finished(), "it could not be held");
        }
        holder
    }

    /// Every row that leases have, and which transaction wrote it.
    pub(crate) fn rows(&self) -> String {
        self.ask("select l.xmin, l.* from limiter.lease l order by l.key, l.id")
    }
}

/// A client that is patient with a busy machine.
pub(crate) async fn client(url: &str) -> PostgresBackend {
    client_within(url, Duration::from_secs(20)).await
}

/// A client whose calls end within a time.
pub(crate) async fn client_within(url: &str, timeout: Duration) -> PostgresBackend {
    PostgresBackend::connect(config(url, timeout)).await.unwrap()
}

/// A client whose time is handed in.
pub(crate) async fn client_by(url: &str, clock: &ManualClock) -> PostgresBackend {
    let config = config(url, Duration::from_secs(20));
    PostgresBackend::with_clock(config, Arc::new(clock.clone())).await.unwrap()
}

fn config(url: &str, timeout: Duration) -> Config {
    let options = Options::default().with_sweep_every(None).unwrap();
    let options = options.with_response_timeout(timeout).unwrap();
    Config::new(url).unwrap().with_options(options)
}

pub(crate) fn key(subject: &str) -> Key {
    Key::new("streams", subject).unwrap()
}

pub(crate) fn lease_id(text: &str) -> LeaseId {
    LeaseId::parse(text).unwrap()
}

/// A request for one permit in each key.
pub(crate) fn wanting(keys: &[Key], cap: u64, ttl: Duration) -> LeaseRequest {
    let scopes: Vec<_> = keys.iter().map(|key| Scope::new(key.clone(), cap)).collect();
    LeaseRequest::new(scopes, ttl).unwrap()
}

/// A lease that has to be granted.
pub(crate) async fn take(slots: &PostgresBackend, request: &LeaseRequest) -> Lease {
    slots.acquire(request).await.unwrap().into_result().unwrap()
}
