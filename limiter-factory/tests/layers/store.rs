//! A store of the program's own that fails or hangs when it is told to.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use async_trait::async_trait;
use limiter_factory::{
    Acquisition, Backend, Capabilities, Charge, Control, Decision, Error, ErrorKind, Factory, HeldLease, Key,
    Lease, LeaseRequest, Limit, Limiters, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt,
    Registration, Reservation, Reserved, Result, Setting, Settlement, SlotLimiter,
};
use limiter_memory::{Config, MemoryBackend};
use serde::Deserialize;

/// What a store does with a call.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Works,
    Fails,
    Hangs,
}

/// Counts in this process, and the calls on itself. It answers as a store behind a network: never at once.
pub(crate) struct Store {
    memory: MemoryBackend,
    mode: AtomicU8,
    calls: AtomicUsize,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        let memory = MemoryBackend::new(Config::default()).unwrap();
        Arc::new(Self { memory, mode: AtomicU8::new(Mode::Works as u8), calls: AtomicUsize::new(0) })
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Starts with this store chosen by the name `own`, and another one by `other`.
    pub(crate) async fn start(self: &Arc<Self>, vars: &[(&str, &str)]) -> Limiters {
        self.start_beside(&Self::new(), vars).await
    }

    pub(crate) async fn start_beside(self: &Arc<Self>, other: &Arc<Self>, vars: &[(&str, &str)]) -> Limiters {
        let factory = Factory::new().register(self.registration("own")).register(other.registration("other"));
        let chosen = [("RATE_LIMITER", "own")].into_iter().chain(vars.iter().copied());
        factory.from_vars(chosen).await.unwrap()
    }

    /// Starts with stores of the backend `many`, each of an address of its own; that at `many://down` fails.
    pub(crate) async fn by_address(vars: &[(&str, &str)]) -> Limiters {
        #[derive(Deserialize)]
        struct Address {
            address: String,
        }
        let many = Registration::new("many", async |read: Address| {
            let store = Self::new();
            if read.address == "many://down" {
                store.set(Mode::Fails);
            }
            Ok(Backend::new("many", store))
        });
        let address = Setting::new("ADDRESS", "many://address").required().with_schemes(["many"]);
        Factory::new().register(many.with_setting(address)).from_vars(vars.iter().copied()).await.unwrap()
    }

    fn registration(self: &Arc<Self>, name: &'static str) -> Registration {
        #[derive(Deserialize)]
        struct Nothing {}
        let store = Arc::clone(self);
        Registration::new(name, move |_: Nothing| {
            std::future::ready(Ok(Backend::new(name, Arc::clone(&store))))
        })
    }

    async fn gate(&self) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match self.mode.load(Ordering::SeqCst) {
            mode if mode == Mode::Works as u8 => Ok(()),
            mode if mode == Mode::Fails as u8 => Err(Error::new(ErrorKind::Unavailable, "planted")),
            _ => pending().await,
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TheStore")
    }
}

#[async_trait]
impl RateLimiter for Store {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.gate().await?;
        self.memory.hit(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.gate().await?;
        self.memory.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.gate().await?;
        self.memory.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.gate().await?;
        RateLimiter::reset(&self.memory, key, limit).await
    }
}

#[async_trait]
impl SlotLimiter for Store {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.gate().await?;
        self.memory.acquire(request).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.gate().await?;
        self.memory.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.gate().await?;
        self.memory.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.gate().await?;
        self.memory.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.gate().await?;
        self.memory.leases(key).await
    }
}

#[async_trait]
impl QuotaTracker for Store {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.gate().await?;
        self.memory.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.gate().await?;
        self.memory.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.gate().await?;
        self.memory.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.gate().await?;
        self.memory.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.gate().await?;
        QuotaTracker::reset(&self.memory, key, quota).await
    }
}

#[async_trait]
impl Control for Store {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "a store of one's own".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_atomic_keys().with_shared()
    }
}
