//! A store that fails isn't asked for a while.
#![deny(clippy::missing_trait_methods)]

mod circuit;
mod phase;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Charge, Decision, HeldLease, Key, Lease, LeaseRequest, Limit, Quota, QuotaOutcome,
    QuotaTracker, RateLimiter, Receipt, Reservation, Reserved, Result, Settlement, SlotLimiter,
};

use self::circuit::Circuit;
use crate::layer::{Around, Layer};
use crate::unlimited::needs_store;

const FAILURES: u32 = 5;
const OPEN_FOR: Duration = Duration::from_secs(1);
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(3600);

/// Stops asking a store that fails, and answers at once in its place until it works again.
///
/// # Behavior
/// *Closed*, all calls go through. After so many failures in a row it *opens*, for rates, slots and quotas alike, since
/// they have one store: every call errs at once. When its time is over, the next call goes through as a probe, while
/// the others still err at once (*half-open*). A probe that the store answers closes it; one that fails leaves it open
/// for as long again. A probe that is dropped lets the next call be one, and so does a probe that takes longer than
/// 10 s (and longer than it is open for): it needs no other layer to recover.
///
/// Failures are [`Timeout`](limiter_core::ErrorKind::Timeout), [`Unavailable`](limiter_core::ErrorKind::Unavailable)
/// and [`Protocol`](limiter_core::ErrorKind::Protocol). Denials aren't, nor are
/// [`Conflict`](limiter_core::ErrorKind::Conflict) and [`Capacity`](limiter_core::ErrorKind::Capacity): there the store
/// answers. Calls that are dropped, and errors of other kinds, tell nothing of the store and aren't counted. Neither is
/// a call that began before the circuit last opened or closed, whatever comes of it.
///
/// Calls that are under way when it opens go on. A time-out counts whichever key it is about: one that is stuck opens
/// the circuit for all, unless calls on others are answered in between.
///
/// It stays open for up to a fifth longer than it is told, at random, so that not all instances of a service probe at
/// once. What opened it and that it closed again is logged.
///
/// What is unlimited needs no store: calls about nothing else, and refunds of nothing, pass the circuit by.
///
/// [`RateLimiter::hit_now`] passes the circuit like any other call. [`Control`](limiter_core::Control) doesn't: a ping
/// asks the store itself.
///
/// # Errors
/// While it is open, [`Unavailable`](limiter_core::ErrorKind::Unavailable), with the kind of the last failure and when
/// the store is asked again. Nothing was sent, so nothing may have been charged. What carries an id may be sent again
/// later: a [`LeaseKeeper`](crate::LeaseKeeper) does so.
///
/// # Cancellation
/// As the call itself. A dropped call is no failure.
///
/// # Order
/// Around a [`TimeoutLayer`](crate::TimeoutLayer), so that time-outs are failures it sees; a store that hangs would
/// otherwise never open it. Within whatever decides what to do while the store is down.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use limiter_core::Backend;
/// use limiter_layers::{CircuitBreakerLayer, Layer, TimeoutLayer};
/// use limiter_memory::{Config, MemoryBackend};
///
/// let store = Backend::new("memory", Arc::new(MemoryBackend::new(Config::default())?));
/// let breaker = CircuitBreakerLayer::default().with_failures(10).with_open_for(Duration::from_millis(500));
/// let backend = breaker.wrap(TimeoutLayer::new(Duration::from_millis(250)).wrap(store));
/// assert!(backend.control.describe().contains("not asked for 500ms after 10 failures in a row"));
/// # Ok::<(), limiter_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CircuitBreakerLayer {
    failures: u32,
    open_for: Duration,
}

impl Default for CircuitBreakerLayer {
    /// Opens after 5 failures in a row, for 1 s.
    fn default() -> Self {
        Self { failures: FAILURES, open_for: OPEN_FOR }
    }
}

impl CircuitBreakerLayer {
    /// Opens after so many failures in a row, 5 if nothing is said. 0 is taken as 1.
    #[must_use]
    pub const fn with_failures(mut self, failures: u32) -> Self {
        self.failures = if failures == 0 { 1 } else { failures };
        self
    }

    /// Stays open for so long before it probes, 1 s if nothing is said. Less than 1 ms is taken as that, and more than
    /// an hour as an hour.
    #[must_use]
    pub fn with_open_for(mut self, open_for: Duration) -> Self {
        self.open_for = open_for.clamp(SHORTEST, LONGEST);
        self
    }

    fn circuit(self) -> Arc<Circuit> {
        Arc::new(Circuit::new(self.failures, self.open_for))
    }
}

impl Layer for CircuitBreakerLayer {
    fn wrap(&self, backend: Backend) -> Backend {
        let Self { failures, open_for } = self;
        let words = format!("not asked for {open_for:?} after {failures} failures in a row");
        let circuit = self.circuit();
        Backend::from_parts(
            backend.name,
            Arc::new(CircuitBreaker { inner: backend.rates, circuit: Arc::clone(&circuit) }),
            Arc::new(CircuitBreaker { inner: backend.slots, circuit: Arc::clone(&circuit) }),
            Arc::new(CircuitBreaker { inner: backend.quotas, circuit }),
            Arc::new(Around::new(backend.control, words)),
        )
    }
}

/// A limiter that isn't asked while its store fails: see [`CircuitBreakerLayer`].
#[derive(Clone, Debug)]
pub struct CircuitBreaker<L> {
    inner: L,
    circuit: Arc<Circuit>,
}

impl<L> CircuitBreaker<L> {
    /// The same limiter behind a circuit of its own. Clones share it.
    pub fn new(inner: L, layer: CircuitBreakerLayer) -> Self {
        Self { inner, circuit: layer.circuit() }
    }
}

#[async_trait]
impl<L: RateLimiter> RateLimiter for CircuitBreaker<L> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        if !needs_store(charges) {
            return self.inner.hit(charges).await;
        }
        let pass = self.circuit.enter("hit")?;
        pass.end(self.inner.hit(charges).await)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        if !needs_store(charges) {
            return self.inner.peek(charges).await;
        }
        let pass = self.circuit.enter("peek")?;
        pass.end(self.inner.peek(charges).await)
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        if receipt.lines().iter().all(|line| line.charge().limit().is_unlimited()) {
            return self.inner.refund(receipt).await;
        }
        let pass = self.circuit.enter("refund")?;
        pass.end(self.inner.refund(receipt).await)
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        if limit.is_unlimited() {
            return self.inner.reset(key, limit).await;
        }
        let pass = self.circuit.enter("reset")?;
        pass.end(self.inner.reset(key, limit).await)
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        if !needs_store(charges) {
            return self.inner.hit_now(charges);
        }
        match self.circuit.enter("hit") {
            // Without an answer nothing was done: the pass goes back, and `hit` asks for another.
            Ok(pass) => self.inner.hit_now(charges).map(|answer| pass.end(answer)),
            Err(open) => Some(Err(open)),
        }
    }
}

#[async_trait]
impl<L: SlotLimiter> SlotLimiter for CircuitBreaker<L> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let pass = self.circuit.enter("acquire")?;
        pass.end(self.inner.acquire(request).await)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let pass = self.circuit.enter("renew")?;
        pass.end(self.inner.renew(leases).await)
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let pass = self.circuit.enter("release")?;
        pass.end(self.inner.release(leases).await)
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        let pass = self.circuit.enter("in_use")?;
        pass.end(self.inner.in_use(key).await)
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let pass = self.circuit.enter("leases")?;
        pass.end(self.inner.leases(key).await)
    }
}

#[async_trait]
impl<L: QuotaTracker> QuotaTracker for CircuitBreaker<L> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let pass = self.circuit.enter("check")?;
        pass.end(self.inner.check(key, quota).await)
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let pass = self.circuit.enter("record")?;
        pass.end(self.inner.record(key, quota, amount).await)
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let pass = self.circuit.enter("reserve")?;
        pass.end(self.inner.reserve(reservation).await)
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let pass = self.circuit.enter("settle")?;
        pass.end(self.inner.settle(settlement).await)
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        let pass = self.circuit.enter("reset")?;
        pass.end(self.inner.reset(key, quota).await)
    }
}
