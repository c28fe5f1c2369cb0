//! The backend as a whole.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Clock, Control, Decision, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter,
};

use crate::config::{Config, Options};
use crate::connection::Connection;
use crate::facts::Facts;
use crate::key::Names;
use crate::quota::Quotas;
use crate::rate::Rates;
use crate::slot::Slots;
use crate::store::Store;

/// Rates, slots and quotas counted in Redis, shared by all who use the same server and prefix.
///
/// # Behavior
/// Each call is one script: one round trip, decided by the server's clock, atomic over all its keys. On a cluster that
/// holds for keys of one [partition](limiter_core::Key::with_partition); a call over several goes part by part, and
/// what was charged is given back when a later part denies: it may refuse too much for a moment, and never admits too
/// much. The parts run in a task of their own, so that a caller that gives up leaves nothing half done.
///
/// Every key in Redis expires 60 s after what it counts has lost its meaning.
///
/// # Errors
/// A call ends within the response timeout ([`Timeout`](limiter_core::ErrorKind::Timeout)), whatever the server does.
/// Nothing that may have been executed is sent again:
/// [`may_have_charged`](limiter_core::Error::may_have_charged) tells when an answer was lost.
/// [`Unavailable`](limiter_core::ErrorKind::Unavailable) while there is no connection, or the server can't write now;
/// it connects anew by itself. [`Capacity`](limiter_core::ErrorKind::Capacity) when the server is out of memory.
///
/// ```no_run
/// use limiter_core::{Key, RateLimiterExt, limit};
/// use limiter_redis::{Config, RedisBackend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// let rates = RedisBackend::connect(Config::new("redis://cache.internal/2")?).await?;
/// let key = Key::new("chat", "user-17")?;
/// let decision = rates.hit_one(&key, &limit!("5/min")).await?;
/// assert!(decision.is_allowed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisBackend {
    rates: Rates,
    slots: Slots,
    quotas: Quotas,
    connection: Connection,
    facts: Facts,
    options: Options,
}

impl RedisBackend {
    /// Connects to a store, asks which version it is, and whether it may forget counts.
    ///
    /// # Errors
    /// [`Config`](limiter_core::ErrorKind::Config) for a login that is refused, a certificate that can't be read, a
    /// server older than 6.2, and, with [`Options::with_strict`], one that evicts keys;
    /// [`Unavailable`](limiter_core::ErrorKind::Unavailable) when it can't be reached.
    ///
    /// # Cancellation
    /// A dropped future leaves nothing behind.
    pub async fn connect(config: Config) -> Result<Self> {
        Self::build(config, None).await
    }

    /// Uses a client that the application has made: one server, with the client's own address and login.
    ///
    /// # Errors
    /// As [`RedisBackend::connect`].
    pub async fn from_client(client: redis::Client, options: Options) -> Result<Self> {
        let (connect, response) = (options.connect_timeout(), options.response_timeout());
        let connection = Connection::from_client(client, connect, response).await?;
        Self::over(connection, options, None).await
    }

    /// Connects to a store that is to count by a clock that is handed in: for tests and for replaying traces. While it
    /// is, nothing goes away by itself for a day.
    ///
    /// # Errors
    /// As [`RedisBackend::connect`].
    pub async fn with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::build(config, Some(clock)).await
    }

    async fn build(config: Config, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        let options = config.options();
        let (connect, response) = (options.connect_timeout(), options.response_timeout());
        let connection = Connection::connect(config.target(), connect, response).await?;
        Self::over(connection, options.clone(), clock).await
    }

    async fn over(connection: Connection, options: Options, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        let facts = Facts::ask(&connection).await?;
        facts.check_policy(options.strict())?;
        let store = Store { connection: connection.clone(), names: Names::new(options.prefix()), clock };
        Ok(Self {
            rates: Rates::new(store.clone()),
            slots: Slots::new(store.clone()),
            quotas: Quotas::new(store),
            connection,
            facts,
            options,
        })
    }
}

#[async_trait]
impl RateLimiter for RedisBackend {
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
impl SlotLimiter for RedisBackend {
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
impl QuotaTracker for RedisBackend {
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
impl Control for RedisBackend {
    async fn ping(&self) -> Result<()> {
        self.connection.ask(redis::cmd("PING"), "ping").await.map(drop)
    }

    async fn shutdown(&self) -> Result<()> {
        self.connection.shut().await;
        Ok(())
    }

    fn describe(&self) -> String {
        let (connection, facts, prefix) =
            (self.connection.describe(), self.facts.describe(), self.options.prefix());
        format!("{connection}, keys under {prefix:?}, {facts}")
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::NONE.with_shared();
        can.atomic_keys = !self.connection.is_cluster();
        can.durable = self.facts.appends();
        can
    }
}

impl fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBackend")
            .field("connection", &self.connection.describe())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// The Redis backend as data, named `redis`.
///
/// # Errors
/// As [`RedisBackend::connect`].
pub async fn backend(config: Config) -> Result<Backend> {
    Ok(Backend::new("redis", Arc::new(RedisBackend::connect(config).await?)))
}
