//! A rate limiter that is asked on a clock that is handed in.

use limiter_core::{
    Charge, Clock, Decision, Error, Key, LimitSet, ManualClock, RateLimiter, Receipt, Result, Source,
};

use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// A rate limiter that is asked on a clock that is handed in.
pub(super) struct Hearing<'a> {
    rates: &'a dyn RateLimiter,
    promise: Promise,
    clock: ManualClock,
}

impl<'a> Hearing<'a> {
    pub(super) fn of(rates: &'a dyn RateLimiter, promise: Promise) -> Kept<Self> {
        let clock = promise.handed_in()?;
        Ok(Self { rates, promise, clock })
    }

    /// A key that nobody else has.
    pub(super) fn key(&self) -> Kept<Key> {
        self.promise.key("law")
    }

    /// Sets the clock, and tells what it shows.
    pub(super) fn set_ms(&self, at_ms: u64) -> u64 {
        self.clock.set_ms(at_ms);
        self.clock.now_ms()
    }

    pub(super) async fn hit(&self, charges: &[Charge<'_>]) -> Kept<Decision> {
        self.answered("hit", charges, self.rates.hit(charges).await)
    }

    pub(super) async fn peek(&self, charges: &[Charge<'_>]) -> Kept<Decision> {
        self.answered("peek at", charges, self.rates.peek(charges).await)
    }

    /// Gives one charge back.
    pub(super) async fn refund(&self, charge: &Charge<'_>, charged_at_ms: u64) -> Kept {
        let mut receipt = Receipt::new(Source::Store);
        receipt.add(charge, charged_at_ms)?;
        let asked = || self.told(&format!("refund what was charged at {charged_at_ms} of"), &[*charge]);
        self.rates.refund(receipt).await.map_err(|error| self.promise.broken(asked(), "it to be done", error))
    }

    /// Forgets counters, so that many histories fill no store. Whether that works isn't the law's business.
    pub(super) async fn forget(&self, limits: &LimitSet, keys: impl IntoIterator<Item = &Key>) {
        for (limit, key) in limits.iter().zip(keys) {
            let _ = self.rates.reset(key, limit).await;
        }
    }

    /// That the promise was broken by an answer.
    pub(super) fn broken(&self, verb: &str, charges: &[Charge<'_>], wanted: &str, got: &Decision) -> Broken {
        self.promise.broken(self.told(verb, charges), wanted, answer(got))
    }

    /// An answer has an outcome for each charge, in order.
    fn answered(&self, verb: &str, charges: &[Charge<'_>], got: Result<Decision, Error>) -> Kept<Decision> {
        let decision =
            got.map_err(|error| self.promise.broken(self.told(verb, charges), "an answer", error))?;
        let places = decision.outcomes().iter().map(limiter_core::Outcome::charge);
        if places.eq(0..charges.len()) {
            return Ok(decision);
        }
        Err(self.broken(verb, charges, "an outcome for each charge, in order", &decision))
    }

    fn told(&self, verb: &str, charges: &[Charge<'_>]) -> String {
        let told = charges.iter().map(|charge| format!("{} by {}", charge.cost(), charge.limit()));
        format!("{verb} {}, at {}", told.collect::<Vec<_>>().join(" and "), self.clock.now_ms())
    }
}

/// A decision in words.
fn answer(decision: &Decision) -> String {
    let verdict = if decision.is_allowed() { "allowed" } else { "denied" };
    let outcomes = decision.outcomes().iter().map(|outcome| {
        let (left, reset_after) = (outcome.remaining(), outcome.reset_after());
        let fits = outcome.retry_after().map_or_else(|| "fits".to_owned(), |retry| retry.to_string());
        let charged = outcome.charged_at_ms().map(|at_ms| format!(", charged at {at_ms}"));
        format!("; {fits}, {left} remaining, reset after {reset_after:?}{}", charged.unwrap_or_default())
    });
    outcomes.fold(verdict.to_owned(), |answer, outcome| answer + &outcome)
}
