//! Databases of one's own on one server, clients of them, and their tables seen past all functions of ours.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use limiter_core::{
    Key, ManualClock, Period, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation, ReservationId,
    Settlement,
};
use limiter_postgres::{Config, Durability, Options, PostgresBackend};
use testservers::postgres::Postgres;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::with(&[("max_connections", "200")]).unwrap());

/// Longer than any test takes.
pub(crate) const LONG: Duration = Duration::from_secs(90);

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
        self.try_ask(sql).unwrap()
    }

    /// What the server answers to SQL, which it may refuse.
    pub(crate) fn try_ask(&self, sql: &str) -> std::io::Result<String> {
        SERVER.psql(&self.database, &["-c", sql])
    }

    /// A number that the server answers.
    pub(crate) fn number(&self, sql: &str) -> u64 {
        let answer = self.ask(sql);
        answer.trim().parse().unwrap_or_else(|_| panic!("{sql}: {answer}"))
    }

    /// A figure of the server's, once it has come.
    pub(crate) fn figure(&self, sql: &str) -> u64 {
        SERVER.figures(&self.database, sql).unwrap().parse().unwrap()
    }

    /// The server's time.
    pub(crate) fn now_ms(&self) -> u64 {
        self.number("select floor(extract(epoch from clock_timestamp()) * 1000)::bigint")
    }

    /// Every row that quotas have and which means anything, and which transaction wrote it.
    pub(crate) fn rows(&self) -> String {
        ["quota where written > 0", "held", "settled"]
            .map(|table| self.ask(&format!("select xmin, * from limiter.{table} order by 2, 3")))
            .join("\n")
    }
}

/// A client that is patient with a busy machine.
pub(crate) async fn client(url: &str) -> PostgresBackend {
    PostgresBackend::connect(config(url, Duration::from_secs(20))).await.unwrap()
}

/// A client with two connections at most, whose calls end within a time.
pub(crate) async fn client_of_two(url: &str, timeout: Duration) -> PostgresBackend {
    let config = config(url, timeout);
    let options = config.options().clone().with_pool_size(2).unwrap();
    PostgresBackend::connect(config.with_options(options)).await.unwrap()
}

/// A client whose time is handed in.
pub(crate) async fn client_by(url: &str, clock: &ManualClock) -> PostgresBackend {
    let config = config(url, Duration::from_secs(20));
    PostgresBackend::with_clock(config, Arc::new(clock.clone())).await.unwrap()
}

/// A client whose calls end within a time, and which acknowledges nothing that isn't on disk.
pub(crate) async fn strict_client(url: &str, timeout: Duration) -> PostgresBackend {
    let config = config(url, timeout);
    let options = config.options().clone().with_durability(Durability::Strict);
    PostgresBackend::connect(config.with_options(options)).await.unwrap()
}

fn config(url: &str, timeout: Duration) -> Config {
    let options = Options::default().with_sweep_every(None).unwrap();
    let options = options.with_response_timeout(timeout).unwrap();
    Config::new(url).unwrap().with_options(options)
}

pub(crate) fn key(subject: &str) -> Key {
    Key::new("bytes", subject).unwrap()
}

pub(crate) fn reservation_id(text: &str) -> ReservationId {
    ReservationId::parse(text).unwrap()
}

/// So long that no test sees it turn, but for those who work at midnight on New Year's Eve.
pub(crate) fn yearly(max: u64) -> Quota {
    Quota::new(max, Period::Year).unwrap()
}

/// A reservation of so many units of a yearly quota of 10 for one key.
pub(crate) fn reservation(id: &str, amount: u64, ttl: Duration) -> Reservation {
    let charge = QuotaCharge::new(key("u1"), yearly(10), amount);
    Reservation::new([charge], ttl).unwrap().with_id(reservation_id(id))
}

/// What was used of that quota under an id.
pub(crate) fn settlement(id: &str, amount: u64) -> Settlement {
    Settlement::new(reservation_id(id), [QuotaCharge::new(key("u1"), yearly(10), amount)]).unwrap()
}

pub(crate) async fn record(quotas: &PostgresBackend, amount: u64) -> QuotaOutcome {
    quotas.record(&key("u1"), &yearly(10), amount).await.unwrap()
}

pub(crate) async fn reserve(quotas: &PostgresBackend, reservation: &Reservation) -> bool {
    quotas.reserve(reservation).await.unwrap().is_granted()
}

pub(crate) async fn settle(quotas: &PostgresBackend, settlement: &Settlement) -> QuotaOutcome {
    quotas.settle(settlement).await.unwrap()[0]
}
