//! The backend as a whole.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::algorithm::Act;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Clock, Control, Decision, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter, SystemClock,
};

use crate::config::Config;
use crate::lock::lock;
use crate::quota::Quotas;
use crate::rate::{Rates, single};
use crate::slot::Slots;
use crate::time::Time;

/// Rates, slots and quotas counted in this process, exact from any number of threads.
///
/// # Behavior
/// Every call is atomic and answers without waiting: the async methods never pend, and
/// [`hit_now`](limiter_core::RateLimiter::hit_now) always has the answer. A hit on a counter that exists doesn't
/// allocate (a sliding log may, while it grows). Nothing is kept when the process ends.
///
/// It is bounded: see [`Config`]. A live counter is never dropped for a new one; expired ones make room by
/// themselves, without a task of their own.
///
/// ```
/// use limiter_core::{Key, RateLimiterExt, limit};
/// use limiter_memory::{Config, MemoryBackend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// let rates = MemoryBackend::new(Config::default())?;
/// let key = Key::new("chat", "user-17")?;
/// for _ in 0..5 {
///     assert!(rates.hit_one(&key, &limit!("5/min")).await?.is_allowed());
/// }
/// assert!(!rates.hit_one(&key, &limit!("5/min")).await?.is_allowed());
/// # Ok(())
/// # }
/// ```
pub struct MemoryBackend {
    pub(crate) rates: Rates,
    pub(crate) slots: Mutex<Slots>,
    pub(crate) quotas: Mutex<Quotas>,
    pub(crate) time: Time,
    config: Config,
}

impl MemoryBackend {
    /// An empty store on the system's clock.
    ///
    /// # Errors
    /// [`Config`](limiter_core::ErrorKind::Config) for a size out of its bounds;
    /// [`Internal`](limiter_core::ErrorKind::Internal) when the system gives no randomness to hash with.
    pub fn new(config: Config) -> Result<Self> {
        Self::build(config, Time::System(SystemClock::new()))
    }

    /// An empty store on a clock that is handed in: for tests and for replaying traces.
    ///
    /// # Errors
    /// As [`MemoryBackend::new`].
    pub fn with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::build(config, Time::HandedIn(clock))
    }

    /// How it is set.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How many rate counters it holds, expired ones that nothing has replaced yet among them.
    pub fn rate_counters(&self) -> usize {
        self.rates.len()
    }

    /// How many keys hold leases, expired ones that nothing has removed yet among them.
    pub fn slot_keys(&self) -> usize {
        lock(&self.slots).keys()
    }

    /// How many quota counters it holds, ended ones that nothing has removed yet among them.
    pub fn quota_counters(&self) -> usize {
        lock(&self.quotas).len()
    }

    /// Runs something on the slots, and lets what has ended go away.
    fn slots<T>(&self, run: impl FnOnce(&mut Slots, u64) -> T) -> T {
        let mut slots = lock(&self.slots);
        let now_ms = self.time.now_ms();
        if let Some(ended_ms) = self.time.ended_ms(now_ms) {
            slots.drop_ended(ended_ms);
        }
        run(&mut slots, now_ms)
    }

    /// Runs something on the quotas, and lets what has ended go away.
    fn quotas<T>(&self, run: impl FnOnce(&mut Quotas, u64) -> T) -> T {
        let mut quotas = lock(&self.quotas);
        let now_ms = self.time.now_ms();
        if let Some(ended_ms) = self.time.ended_ms(now_ms) {
            quotas.drop_ended(ended_ms);
        }
        run(&mut quotas, now_ms)
    }

    fn build(config: Config, time: Time) -> Result<Self> {
        config.check()?;
        Ok(Self {
            rates: Rates::new(&config)?,
            slots: Mutex::new(Slots::new(config.leases())),
            quotas: Mutex::new(Quotas::new(config.quota_entries())),
            time,
            config,
        })
    }
}

#[async_trait]
impl RateLimiter for MemoryBackend {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.rates.decide(charges, self.time.now_ms(), false)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.rates.decide(charges, self.time.now_ms(), true)
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.rates.refund(&receipt, self.time.now_ms());
        Ok(())
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.rates.reset(key, limit);
        Ok(())
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let clock_ms = self.time.now_ms();
        let Some(charge) = single(charges) else {
            return Some(self.rates.decide_all(charges, clock_ms, false));
        };
        // Each answer is returned where it is made, so that it is written to its place and not copied there.
        match self.rates.decide_one(charge, clock_ms, Act::Charge) {
            Ok((source, outcome)) => Some(Ok(Decision::of_one(source, outcome))),
            Err(error) => Some(Err(error)),
        }
    }
}

#[async_trait]
impl SlotLimiter for MemoryBackend {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.slots(|slots, now_ms| slots.acquire(request, now_ms))
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        Ok(self.slots(|slots, now_ms| leases.iter().map(|lease| slots.renew(lease, now_ms)).collect()))
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        Ok(self.slots(|slots, now_ms| leases.iter().map(|lease| slots.release(lease, now_ms)).collect()))
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        let now_ms = self.time.now_ms();
        Ok(lock(&self.slots).in_use(key, now_ms))
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let now_ms = self.time.now_ms();
        Ok(lock(&self.slots).leases(key, now_ms))
    }
}

#[async_trait]
impl QuotaTracker for MemoryBackend {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        Ok(lock(&self.quotas).check(key, quota, self.time.now_ms()))
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.quotas(|quotas, now_ms| quotas.record(key, quota, amount, now_ms))
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.quotas(|quotas, now_ms| quotas.reserve(reservation, now_ms))
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.quotas(|quotas, now_ms| quotas.settle(settlement, now_ms))
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        lock(&self.quotas).reset(key, quota);
        Ok(())
    }
}

#[async_trait]
impl Control for MemoryBackend {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        format!(
            "in this process, up to {} rate counters in {} MiB ({} when full), {} leases, {} quota entries",
            self.config.capacity(),
            self.config.rate_bytes().div_ceil(1 << 20),
            self.config.when_full(),
            self.config.leases(),
            self.config.quota_entries(),
        )
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_atomic_keys().with_immediate()
    }
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBackend")
            .field("config", &self.config)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// The memory backend as data, named `memory`.
///
/// # Errors
/// As [`MemoryBackend::new`].
pub fn backend(config: Config) -> Result<Backend> {
    Ok(Backend::new("memory", Arc::new(MemoryBackend::new(config)?)))
}
