//! The backend as a whole.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Clock, Control, Decision, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter,
};
use sqlx::PgPool;

use crate::config::Config;
use crate::connection::Connection;
use crate::key::Names;
use crate::options::Options;
use crate::quota::Quotas;
use crate::rate::Rates;
use crate::schema;
use crate::slot::Slots;
use crate::store::Store;
use crate::sweeper::Sweeper;
use crate::turns::Turns;

/// Rates, slots and quotas counted in PostgreSQL, shared by all who use the same database, schema and prefix.
///
/// # Behavior
/// Each call is one function on the server: one round trip, decided by the server's clock under the locks of its rows,
/// which are always taken in the same order. A call over several keys is atomic. Hits of many callers that come while a
/// statement is under way go together in the next one, each all or nothing by itself; nothing waits to be joined.
///
/// A row that somebody else holds is waited for by one statement at a time, which holds no other row meanwhile: calls over
/// other rows go on.
///
/// Rates are acknowledged before they are on disk, slots and quotas after: see [`Durability`](crate::Durability). What has
/// lost its meaning for a minute is deleted from time to time.
///
/// # Errors
/// A call ends within the response timeout ([`Timeout`](limiter_core::ErrorKind::Timeout)), whatever the server does.
/// Nothing that may have been executed is sent again:
/// [`may_have_charged`](limiter_core::Error::may_have_charged) tells when an answer was lost.
/// [`Unavailable`](limiter_core::ErrorKind::Unavailable) while there is no connection, or the server can't write now;
/// it connects anew by itself. [`Capacity`](limiter_core::ErrorKind::Capacity) when the server's disk is full.
///
/// ```no_run
/// use limiter_core::{Key, RateLimiterExt, limit};
/// use limiter_postgres::{Config, PostgresBackend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// let rates = PostgresBackend::connect(Config::new("postgres://app@db.internal/shop")?).await?;
/// let key = Key::new("chat", "user-17")?;
/// let decision = rates.hit_one(&key, &limit!("5/min")).await?;
/// assert!(decision.is_allowed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresBackend {
    rates: Rates,
    slots: Slots,
    quotas: Quotas,
    sweeper: Arc<Sweeper>,
    connection: Connection,
    options: Options,
}

impl PostgresBackend {
    /// Connects to a store, asks whether it can be used, and makes the tables and functions that are missing, or refuses
    /// to, as [`Options::with_migrate`] says.
    ///
    /// # Errors
    /// [`Config`](limiter_core::ErrorKind::Config) for a login that is refused, a certificate that isn't trusted, a server
    /// older than 13, a role that may not do what is needed, and, with [`Options::with_strict`], a server that may lose what
    /// it has acknowledged; [`Unavailable`](limiter_core::ErrorKind::Unavailable) when it can't be reached or takes no
    /// writes, as a standby; [`Capacity`](limiter_core::ErrorKind::Capacity) when its disk is full;
    /// [`Timeout`](limiter_core::ErrorKind::Timeout) when somebody else migrates the schema for too long.
    ///
    /// # Cancellation
    /// A dropped future leaves nothing behind but tables and functions, all or none.
    pub async fn connect(config: Config) -> Result<Self> {
        Self::build(config, None).await
    }

    /// Uses a pool that the application has made. How its sessions are set up is the application's business: timeouts of
    /// the server's own are not set, and behind a PgBouncer in transaction mode [`Options::with_pgbouncer`] must say so.
    /// The pool stays open when this is shut down. Where it logs slow statements they may show keys:
    /// `ConnectOptions::disable_statement_logging` of sqlx turns that off.
    ///
    /// # Errors
    /// As [`PostgresBackend::connect`].
    pub async fn from_pool(pool: PgPool, options: Options) -> Result<Self> {
        let connection = Connection::from_pool(pool, &options).await?;
        schema::prepare(connection.apart().await?, &options).await?;
        Ok(Self::over(connection, options, None))
    }

    /// Connects to a store that is to count by a clock that is handed in: for tests and for replaying traces. What is
    /// counted by it is never swept.
    ///
    /// # Errors
    /// As [`PostgresBackend::connect`].
    pub async fn with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::build(config, Some(clock)).await
    }

    async fn build(config: Config, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        let options = config.options();
        let connection = Connection::connect(&config).await?;
        schema::prepare(connection.apart().await?, options).await?;
        Ok(Self::over(connection, options.clone(), clock))
    }

    fn over(connection: Connection, options: Options, clock: Option<Arc<dyn Clock>>) -> Self {
        let store = Store {
            connection: connection.clone(),
            names: Names::new(options.prefix()),
            clock,
            turns: Turns::new(options.pool_size()),
            response_timeout: options.response_timeout(),
        };
        let sweeper = Arc::new(Sweeper::new(&store, options.sweep_every()));
        let (rates, rest) = (options.durable_rates(), options.durable_rest());
        Self {
            rates: Rates::new(store.clone(), rates),
            slots: Slots::new(store.clone(), rest),
            quotas: Quotas::new(store, rest),
            sweeper,
            connection,
            options,
        }
    }

    /// Deletes the rows that have lost their meaning for more than a minute, of all who share the schema; tells how many.
    /// It happens from time to time by itself, if the options say so.
    ///
    /// # Errors
    /// As for any call. What was deleted until then stays deleted, and the rest is left for the next time.
    pub async fn sweep(&self) -> Result<u64> {
        self.sweeper.sweep().await
    }
}

#[async_trait]
impl RateLimiter for PostgresBackend {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.rates.hit(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.rates.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.rates.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.rates.reset(key, limit).await
    }
}

#[async_trait]
impl SlotLimiter for PostgresBackend {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.slots.acquire(request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.slots.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.slots.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.slots.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.slots.leases(key).await
    }
}

#[async_trait]
impl QuotaTracker for PostgresBackend {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.quotas.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.quotas.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.quotas.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.quotas.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.quotas.reset(key, quota).await
    }
}

#[async_trait]
impl Control for PostgresBackend {
    async fn ping(&self) -> Result<()> {
        self.connection.ask("select 1", "ping").await.map(drop)
    }

    async fn shutdown(&self) -> Result<()> {
        self.sweeper.stop();
        self.rates.close();
        self.connection.shut().await;
        Ok(())
    }

    fn describe(&self) -> String {
        let (connection, schema, prefix) =
            (self.connection.describe(), self.options.schema(), self.options.prefix());
        format!("{connection}, schema {schema:?}, keys under {prefix:?}")
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::NONE.with_shared().with_atomic_keys();
        can.durable =
            self.options.durable_rates() && self.options.durable_rest() && self.connection.is_crash_safe();
        can
    }
}

impl fmt::Debug for PostgresBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBackend")
            .field("connection", &self.connection.describe())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// The PostgreSQL backend as data, named `postgres`.
///
/// # Errors
/// As [`PostgresBackend::connect`].
pub async fn backend(config: Config) -> Result<Backend> {
    Ok(Backend::new("postgres", Arc::new(PostgresBackend::connect(config).await?)))
}
