//! Rates: how many hits in how much time.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;

use crate::charge::Charge;
use crate::decision::Decision;
use crate::error::Result;
use crate::key::Key;
use crate::limit::Limit;
use crate::receipt::Receipt;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Limits rates: decides hits and keeps their counts.
///
/// This is the least a backend must do. What callers mostly use stands in [`RateLimiterExt`].
///
/// # Behavior
/// Each call is atomic: no other call on the same counters happens in its midst. (A backend that can't do that
/// over several keys says so in its [`Capabilities`](crate::Capabilities).) The answers are exactly those of the
/// pure functions in [`algorithm`](crate::algorithm), at the time of the store's clock.
///
/// # Errors
/// A denial is an answer, never an `Err`. Every method errs with
/// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent,
/// [`Unavailable`](crate::ErrorKind::Unavailable), [`Timeout`](crate::ErrorKind::Timeout) and
/// [`Protocol`](crate::ErrorKind::Protocol) where there is a store to talk to, and
/// [`Capacity`](crate::ErrorKind::Capacity) where it is full. After an `Err` nothing was charged, unless
/// [`Error::may_have_charged`](crate::Error::may_have_charged) says that it isn't known.
///
/// # Cancellation
/// Dropping a future before it is polled does nothing. Dropping it later leaves the call done or not done as a
/// whole, never in part; a hit may then have been charged.
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync + 'static {
    /// Makes all charges or none.
    ///
    /// # Behavior
    /// Allowed: every charge is made. Denied: none is, except that a limit which counts denied hits and itself
    /// denied is charged. A charge with cost 0 asks only.
    ///
    /// # Errors
    /// See the trait. `InvalidRequest` as [`check_charges`](crate::check_charges) tells;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for several keys on a store that can't charge them in one
    /// step.
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision>;

    /// Tells whether each charge would fit, and how the counters stand. Nothing is charged nor counted.
    ///
    /// # Errors
    /// As [`RateLimiter::hit`].
    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision>;

    /// Gives back what a hit charged: a login that succeeded, work that wasn't done.
    ///
    /// # Behavior
    /// Each charge is given back as of the time when it was made: to a window only while that window counts, to
    /// a bucket less what has flowed in since. Never below zero, never above full; nothing where the counter has
    /// gone.
    ///
    /// # Errors
    /// See the trait. It isn't repeated by itself, for it isn't idempotent.
    async fn refund(&self, receipt: Receipt) -> Result<()>;

    /// Forgets one counter of a key: the one for the limit's algorithm and window.
    ///
    /// # Errors
    /// See the trait.
    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()>;

    /// The answer to a hit without waiting, where the backend has it at hand. `None`: ask [`RateLimiter::hit`];
    /// nothing was done.
    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let _ = charges;
        None
    }
}

/// Comfort over any [`RateLimiter`].
///
/// These futures ask [`RateLimiter::hit_now`] first: a backend that answers at once costs no allocation.
pub trait RateLimiterExt: RateLimiter {
    /// One unit of one limit on one key.
    ///
    /// # Errors
    /// As [`RateLimiter::hit`].
    fn hit_one<'a>(&'a self, key: &'a Key, limit: &'a Limit) -> Hit<'a, Self> {
        self.hit_cost(key, limit, 1)
    }

    /// Several units of one limit on one key.
    ///
    /// # Errors
    /// As [`RateLimiter::hit`].
    fn hit_cost<'a>(&'a self, key: &'a Key, limit: &'a Limit, cost: u64) -> Hit<'a, Self> {
        Hit::new(self, Charges::One(Charge::new(key, limit).with_cost(cost)))
    }

    /// Several charges in one step: all or none. Like [`RateLimiter::hit`], without allocating where the
    /// backend answers at once.
    ///
    /// # Errors
    /// As [`RateLimiter::hit`].
    fn hit_all<'a>(&'a self, charges: &'a [Charge<'a>]) -> Hit<'a, Self> {
        Hit::new(self, Charges::Several(charges))
    }
}

impl<L: RateLimiter + ?Sized> RateLimiterExt for L {}

/// The future of a hit.
///
/// It is written by hand: an `async` block would copy the decision once more on its way out, which costs as much
/// as deciding.
#[must_use = "futures do nothing unless polled"]
pub struct Hit<'a, L: ?Sized> {
    limiter: &'a L,
    charges: Charges<'a>,
    waiting: Option<BoxFuture<'a, Result<Decision>>>,
}

#[derive(Clone, Copy)]
enum Charges<'a> {
    One(Charge<'a>),
    Several(&'a [Charge<'a>]),
}

impl<'a> Charges<'a> {
    #[inline]
    fn as_slice(&self) -> &[Charge<'a>] {
        match self {
            Self::One(charge) => std::slice::from_ref(charge),
            Self::Several(charges) => charges,
        }
    }
}

impl<'a, L: RateLimiter + ?Sized> Hit<'a, L> {
    #[inline]
    const fn new(limiter: &'a L, charges: Charges<'a>) -> Self {
        Self { limiter, charges, waiting: None }
    }

    #[cold]
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<Decision>> {
        let (limiter, charges) = (self.limiter, self.charges);
        let ask = || -> BoxFuture<'a, _> { Box::pin(async move { limiter.hit(charges.as_slice()).await }) };
        self.waiting.get_or_insert_with(ask).as_mut().poll(cx)
    }
}

impl<L: RateLimiter + ?Sized> Future for Hit<'_, L> {
    type Output = Result<Decision>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waiting.is_none()
            && let Some(answer) = self.limiter.hit_now(self.charges.as_slice())
        {
            return Poll::Ready(answer);
        }
        self.wait(cx)
    }
}

impl<L: ?Sized> Debug for Hit<'_, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hit").field("charges", &self.charges.as_slice()).finish_non_exhaustive()
    }
}
