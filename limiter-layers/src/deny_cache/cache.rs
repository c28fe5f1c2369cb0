//! A limiter with a cache of denials around it.
#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use limiter_core::{Charge, Decision, Key, Limit, RateLimiter, Receipt, Result};

use super::denials::Denials;
use crate::passed_on::pass_on_slots_and_quotas;

/// A limiter that answers denials which are known to last without asking the store. Made by
/// [`DenyCacheLayer`](crate::DenyCacheLayer).
///
/// # Behavior
/// A hit that the [store](limiter_core::Source::Store) denied with a wait is denied again from here, by
/// [`Source::Cache`](limiter_core::Source::Cache), until that wait is over: on the same key, by the same limit, at the
/// same cost. (In a fixed window at a higher cost too, for all costs wait for the same turn. Elsewhere a higher cost
/// waits longer, and only the store knows how long.) A lower cost is always asked.
///
/// Such a denial has the outcomes that are known: those of the charges that deny. Their waits are the store's, less
/// the time gone. What remains may have grown meanwhile, but not to the cost. Of several charges the store might name
/// another that waits longer.
///
/// Never answered from here: a call with a limit that [counts denied hits](Limit::counts_denied), since the store has
/// to count it; what [never](limiter_core::Retry::Never) fits; a peek; what is denied by anything but the counters.
///
/// Forgotten at once: what was denied before a refund or a reset on the counter, as long as these are made through
/// this limiter, and also when their future is dropped; and what a call may change at another cost, which has to be asked,
/// or by another limit. Of each counter the last denial is remembered: callers who alternate between two costs are mostly
/// answered by the store.
///
/// Of calls that are made at once on one counter, one may have been denied before another charged, and be remembered
/// after it. What remains and how long to wait is then as the first was told: who waits as long may be denied once more.
///
/// # Several processes
/// A refund or a reset by another process isn't seen, nor is a hit by a token bucket with a higher rate: the denial
/// stays until it ends, as it was when the store gave it. It never lasts longer. Where others often give back, as
/// instances that prefetch do, bound it by [`with_longest`](crate::DenyCacheLayer::with_longest).
///
/// While a token bucket that was last charged by one limit is asked by another, it may fill sooner than the store tells
/// whom it denies. Here the denial stays for as long as the store has told.
///
/// # Time
/// The end is counted from before the hit was sent, and a thousandth sooner, so that nothing is denied that would fit.
/// The wait that is told is counted from when the answer came, so that who waits as long finds that it fits. The time for
/// which a machine sleeps counts, by its system's clock.
///
/// # Errors
/// Those of the inner limiter.
///
/// # Cancellation
/// As the inner limiter's.
#[derive(Debug)]
pub struct DenyCache<L> {
    pub(super) inner: L,
    denials: Denials,
}

impl<L> DenyCache<L> {
    pub(super) const fn new(inner: L, denials: Denials) -> Self {
        Self { inner, denials }
    }
}

#[async_trait]
impl<L: RateLimiter> RateLimiter for DenyCache<L> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        match self.denials.ask(charges) {
            Ok(denied) => Ok(denied),
            Err(asked) => {
                let answer = self.inner.hit(charges).await;
                answer.inspect(|decision| self.denials.learn(asked, charges, decision))
            }
        }
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.inner.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let _forgetting = self
            .denials
            .forgetting(receipt.lines().iter().map(|line| self.denials.counter(&line.charge())).collect());
        self.inner.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        let counter = self.denials.counter(&Charge::new(key, limit));
        let _forgetting = self.denials.forgetting(vec![counter]);
        self.inner.reset(key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        match self.denials.ask(charges) {
            Ok(denied) => Some(Ok(denied)),
            Err(asked) => {
                let answer = self.inner.hit_now(charges)?;
                Some(answer.inspect(|decision| self.denials.learn(asked, charges, decision)))
            }
        }
    }
}

pass_on_slots_and_quotas!(DenyCache);
