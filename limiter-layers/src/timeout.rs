//! Each call answers in time.
#![deny(clippy::missing_trait_methods)]

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Capabilities, Charge, Control, Decision, Error, ErrorKind, HeldLease, Key, Lease,
    LeaseRequest, Limit, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved,
    Result, Settlement, SlotLimiter,
};
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep_until};

use crate::layer::{Around, Layer};

/// Makes each call on a backend answer within a time.
///
/// # Behavior
/// A call that has no answer when the time is up is dropped, and errs. An answer or error that comes in time is passed
/// on as it is. What a dropped call leaves behind stands in each trait's *Cancellation*: it is done or not done as a
/// whole. [`RateLimiter::hit_now`], which doesn't wait, goes straight through. [`Control::ping`] is timed like a call,
/// [`Control::shutdown`] isn't: it has a time of its own.
///
/// The time is kept by tokio's timer, which must be enabled in the runtime: a call that has to wait panics without it,
/// as [`tokio::time::sleep`] does. A call that is answered when it is first polled sets no timer and needs no runtime.
/// Nothing can end a call that blocks its thread or never yields.
///
/// # Errors
/// [`Timeout`](limiter_core::ErrorKind::Timeout) tells the operation, the time, and what the caller may do next.
/// It [may have charged](limiter_core::Error::may_have_charged) wherever the call changes something.
///
/// # Order
/// Innermost, next to the store: a [`CircuitBreakerLayer`](crate::CircuitBreakerLayer) around it counts time-outs as
/// failures of the store. The other way round the breaker would see calls that are dropped, which tell it nothing.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use limiter_core::Backend;
/// use limiter_layers::{CircuitBreakerLayer, Layer, TimeoutLayer};
/// use limiter_memory::{Config, MemoryBackend};
///
/// let store = Backend::new("memory", Arc::new(MemoryBackend::new(Config::default())?));
/// let timed = TimeoutLayer::new(Duration::from_millis(250)).wrap(store);
/// let backend = CircuitBreakerLayer::default().wrap(timed);
/// assert!(backend.control.describe().contains("answers within 250ms"));
/// # Ok::<(), limiter_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    limit: Duration,
}

impl TimeoutLayer {
    /// Each call answers within `limit`. With zero, only what is answered at once gets through.
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl Layer for TimeoutLayer {
    fn wrap(&self, backend: Backend) -> Backend {
        let Self { limit } = *self;
        let control = Around::new(backend.control, format!("answers within {limit:?}"));
        Backend::from_parts(
            backend.name,
            Arc::new(Timeout::new(backend.rates, limit)),
            Arc::new(Timeout::new(backend.slots, limit)),
            Arc::new(Timeout::new(backend.quotas, limit)),
            Arc::new(Timeout::new(control, limit)),
        )
    }
}

/// A limiter of which each call answers within a time: see [`TimeoutLayer`].
#[derive(Clone, Debug)]
pub struct Timeout<L> {
    inner: L,
    limit: Duration,
}

impl<L> Timeout<L> {
    /// The same limiter, each call of it answered within `limit`.
    pub const fn new(inner: L, limit: Duration) -> Self {
        Self { inner, limit }
    }
}

#[async_trait]
impl<L: RateLimiter> RateLimiter for Timeout<L> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        in_time("hit", Effect::Counts, self.limit, self.inner.hit(charges)).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        in_time("peek", Effect::None, self.limit, self.inner.peek(charges)).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        in_time("refund", Effect::Counts, self.limit, self.inner.refund(receipt)).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        in_time("reset", Effect::Settles, self.limit, self.inner.reset(key, limit)).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        self.inner.hit_now(charges)
    }
}

#[async_trait]
impl<L: SlotLimiter> SlotLimiter for Timeout<L> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        in_time("acquire", Effect::Settles, self.limit, self.inner.acquire(request)).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        in_time("renew", Effect::Settles, self.limit, self.inner.renew(leases)).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        in_time("release", Effect::Settles, self.limit, self.inner.release(leases)).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        in_time("in_use", Effect::None, self.limit, self.inner.in_use(key)).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        in_time("leases", Effect::None, self.limit, self.inner.leases(key)).await
    }
}

#[async_trait]
impl<L: QuotaTracker> QuotaTracker for Timeout<L> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        in_time("check", Effect::None, self.limit, self.inner.check(key, quota)).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        in_time("record", Effect::Counts, self.limit, self.inner.record(key, quota, amount)).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        in_time("reserve", Effect::Settles, self.limit, self.inner.reserve(reservation)).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        in_time("settle", Effect::Settles, self.limit, self.inner.settle(settlement)).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        in_time("reset", Effect::Settles, self.limit, self.inner.reset(key, quota)).await
    }
}

#[async_trait]
impl<C: Control> Control for Timeout<C> {
    async fn ping(&self) -> Result<()> {
        in_time("ping", Effect::None, self.limit, self.inner.ping()).await
    }

    async fn shutdown(&self) -> Result<()> {
        self.inner.shutdown().await
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

/// What a call does to the store, and so what one may do that was dropped.
#[derive(Clone, Copy)]
enum Effect {
    /// It reads.
    None,
    /// It comes to the same when it is repeated.
    Settles,
    /// It counts each time.
    Counts,
}

/// The answer to a call, or an error once the time is up. An answer that is there at the last moment still counts.
async fn in_time<T>(
    operation: &'static str,
    effect: Effect,
    limit: Duration,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    // Too far away to be a moment: never.
    let until = Instant::now().checked_add(limit);
    let mut call = pin!(call);
    let mut timer = pin!(None);
    let in_time = poll_fn(|cx| {
        if let Poll::Ready(answer) = call.as_mut().poll(cx) {
            return Poll::Ready(Some(answer));
        }
        if timer.is_none() {
            // Unconstrained: a call that uses up the task's budget each time must not keep the timer from firing.
            timer.set(until.map(|until| unconstrained(sleep_until(until))));
        }
        timer.as_mut().as_pin_mut().map_or(Poll::Pending, |timer| timer.poll(cx).map(|()| None))
    });
    in_time.await.unwrap_or_else(|| Err(late(operation, effect, limit)))
}

#[cold]
fn late(operation: &'static str, effect: Effect, limit: Duration) -> Error {
    let means = match effect {
        Effect::None => "nothing was changed by it, and it may be asked again",
        Effect::Settles => "it may be asked again: done twice it comes to the same",
        Effect::Counts => "asked again it may count twice",
    };
    let message = format!("no answer within {limit:?}; {means}");
    let error = Error::new(ErrorKind::Timeout, message).with_operation(operation);
    match effect {
        Effect::None => error,
        Effect::Settles | Effect::Counts => error.possibly_charged(),
    }
}
