//! The backend as a whole.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Clock, Control, Decision, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter,
};

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
    /// Connects to a store.
    pub async fn connect(config: Config) -> Result<Self> {
        Self::build(config, None).await
    }

    /// Connects to a store that is to count by a clock that is handed in: for tests and for replaying traces. What is
    /// counted by it is never swept.
    pub async fn with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::build(config, Some(clock)).await
    }

    async fn build(config: Config, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        let options = config.options().clone();
        let connection = Connection::connect(&config).await?;
        schema::prepare(&config).await?;
        let response_timeout = options.response_timeout;
        let names = Names::new(&options.prefix);
        let turns = Turns::new(options.pool_size);
        let store = Store { connection: connection.clone(), names, clock, turns, response_timeout };
        let sweeper = Arc::new(Sweeper::new(&store, options.sweep_every));
        let (rates, rest) = (options.durable_rates(), options.durable_rest());
        Ok(Self {
            rates: Rates::new(store.clone(), rates),
            slots: Slots::new(store.clone(), rest),
            quotas: Quotas::new(store, rest),
            sweeper,
            connection,
            options,
        })
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
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        self.sweeper.stop();
        self.rates.close();
        self.connection.shut().await;
        Ok(())
    }

    fn describe(&self) -> String {
        format!("PostgreSQL, schema {:?}", self.options.schema)
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::NONE.with_shared().with_atomic_keys();
        can.durable = self.options.durable_rates() && self.options.durable_rest();
        can
    }
}

impl fmt::Debug for PostgresBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBackend").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The PostgreSQL backend as data, named `postgres`.
///
/// # Errors
/// As [`PostgresBackend::connect`].
pub async fn backend(config: Config) -> Result<Backend> {
    Ok(Backend::new("postgres", Arc::new(PostgresBackend::connect(config).await?)))
}
