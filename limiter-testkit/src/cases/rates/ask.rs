//! Asks a rate limiter, and remembers what was asked and when the store answered.

use std::time::Duration;

use limiter_core::{Charge, Clock, Decision, EXACT, Key, Limit, RateLimiter, Receipt, Result};

use super::answer::RateAnswer;
use crate::broken::Kept;
use crate::trial::Promise;

/// The longest window: nothing passes in it while a case runs.
const LONG: Duration = Duration::from_secs(366 * 86_400);

/// A rate limiter under trial.
pub(crate) struct AskRates<'a> {
    rates: &'a dyn RateLimiter,
    promise: Promise,
}

/// One limit of each algorithm over the longest window.
pub(crate) fn one_of_each(max: u64) -> Kept<[Limit; 4]> {
    each(max, LONG)
}

/// One limit of each algorithm over a window.
pub(crate) fn each(max: u64, window: Duration) -> Kept<[Limit; 4]> {
    Ok([
        Limit::fixed_window(max, window)?,
        Limit::sliding_window(max, window)?,
        Limit::sliding_log(max, window)?,
        Limit::token_bucket(max, window)?,
    ])
}

impl<'a> AskRates<'a> {
    pub(crate) fn new(rates: &'a dyn RateLimiter, promise: Promise) -> Self {
        Self { rates, promise }
    }

    pub(crate) const fn promise(&self) -> &Promise {
        &self.promise
    }

    /// A key that nobody else has.
    pub(crate) fn key(&self, who: &str) -> Kept<Key> {
        self.promise.key(who)
    }

    /// One charge.
    pub(crate) async fn hit(&self, key: &Key, limit: &Limit, cost: u64) -> Kept<RateAnswer> {
        self.hit_all(&[Charge::new(key, limit).with_cost(cost)]).await
    }

    /// Several charges in one step.
    pub(crate) async fn hit_all(&self, charges: &[Charge<'_>]) -> Kept<RateAnswer> {
        let asked = told("hit", charges);
        let earliest_ms = self.earliest_ms().await?;
        let decision = self.rates.hit(charges).await;
        self.answered(asked, earliest_ms, decision).await
    }

    /// A look at one charge.
    pub(crate) async fn peek(&self, key: &Key, limit: &Limit, cost: u64) -> Kept<RateAnswer> {
        self.peek_all(&[Charge::new(key, limit).with_cost(cost)]).await
    }

    /// A look at several charges.
    pub(crate) async fn peek_all(&self, charges: &[Charge<'_>]) -> Kept<RateAnswer> {
        let asked = told("peek", charges);
        let earliest_ms = self.earliest_ms().await?;
        let decision = self.rates.peek(charges).await;
        self.answered(asked, earliest_ms, decision).await
    }

    /// Gives back what an answer charged.
    pub(crate) async fn refund(&self, answer: RateAnswer, charges: &[Charge<'_>]) -> Kept {
        let asked = told("refund", charges);
        let receipt = answer.into_receipt(charges)?;
        self.done(asked, self.rates.refund(receipt).await)
    }

    /// Gives back by a receipt of one's own.
    pub(crate) async fn refund_receipt(&self, receipt: Receipt) -> Kept {
        let asked = format!("refund {receipt:?}");
        self.done(asked, self.rates.refund(receipt).await)
    }

    /// Forgets a counter.
    pub(crate) async fn reset(&self, key: &Key, limit: &Limit) -> Kept {
        self.done(told("reset", &[Charge::new(key, limit)]), self.rates.reset(key, limit).await)
    }

    /// The store's time.
    pub(crate) async fn now_ms(&self) -> Kept<u64> {
        match self.promise.clock() {
            Some(clock) => Ok(clock.now_ms()),
            None => self.probed_ms().await,
        }
    }

    /// Goes on to a time of the store: sets the clock that was handed in, or waits.
    pub(crate) async fn until(&self, at_ms: u64) -> Kept {
        if let Some(clock) = self.promise.clock() {
            clock.set_ms(at_ms);
            return Ok(());
        }
        loop {
            let now_ms = self.probed_ms().await?;
            if now_ms >= at_ms {
                return Ok(());
            }
            self.promise.pause(at_ms - now_ms).await;
        }
    }

    /// Goes on to the start of the next window of that length, and tells it. In real time it is a little later.
    pub(crate) async fn next_window_ms(&self, window_ms: u64) -> Kept<u64> {
        let now_ms = self.now_ms().await?;
        let start_ms = now_ms - now_ms % window_ms + window_ms;
        self.until(start_ms).await?;
        Ok(start_ms)
    }

    async fn earliest_ms(&self) -> Kept<u64> {
        self.now_ms().await
    }

    async fn answered(&self, asked: String, earliest_ms: u64, got: Result<Decision>) -> Kept<RateAnswer> {
        let asked = format!("{asked}, at {earliest_ms}");
        match got {
            Ok(decision) => {
                let latest_ms = self.now_ms().await?;
                Ok(RateAnswer::new(self.promise.clone(), asked, decision, earliest_ms..=latest_ms))
            }
            Err(error) => Err(self.promise.broken(asked, "an answer", error)),
        }
    }

    fn done(&self, asked: String, got: Result<()>) -> Kept {
        got.map_err(|error| self.promise.broken(asked, "it to be done", error))
    }

    /// The store tells its time with each charge.
    async fn probed_ms(&self) -> Kept<u64> {
        let (key, limit) = (self.promise.key("time")?, Limit::fixed_window(EXACT, LONG)?);
        let asked = "a hit, to learn the store's time";
        let got = self.rates.hit(&[Charge::new(&key, &limit)]).await;
        let decision = got.map_err(|error| self.promise.broken(asked, "an answer", error))?;
        let charged_at_ms = decision.outcomes().first().and_then(limiter_core::Outcome::charged_at_ms);
        charged_at_ms.ok_or_else(|| self.promise.broken(asked, "charged_at", format!("{decision:?}")))
    }
}

/// A call in words.
fn told(verb: &str, charges: &[Charge<'_>]) -> String {
    let charge = |charge: &Charge<'_>| {
        let (key, limit) = (charge.key(), charge.limit());
        format!("{}/{} by {limit} cost {}", key.space(), key.subject().escape_debug(), charge.cost())
    };
    format!("{verb} {}", charges.iter().map(charge).collect::<Vec<_>>().join(" and "))
}
