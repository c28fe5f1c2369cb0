//! Rates when the store is unavailable.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Charge, Decision, Error, Key, Limit, RateLimiter, Receipt, Result, Source, check_charges,
};

use super::choice::Instead;
use super::failure::{both, is_unavailable};
use super::tally::Tally;
use super::uncounted;

/// The rates of a backend, and what answers in their place.
#[derive(Debug)]
pub(super) struct Rates {
    store: Arc<dyn RateLimiter>,
    instead: Instead<dyn RateLimiter>,
    tally: Tally,
}

impl Rates {
    pub(super) fn new(store: Arc<dyn RateLimiter>, instead: Instead<dyn RateLimiter>) -> Self {
        Self { store, instead, tally: Tally::new("rates") }
    }

    /// Who is asked in the store's place. Otherwise the answer stands: let through, or the error.
    #[cold]
    fn turn_to(&self, charges: &[Charge<'_>], error: Error) -> Result<Turn<'_>> {
        // Who answered that it can't be reached may not have looked at what was asked.
        check_charges(charges)?;
        self.tally.count(self.instead.as_str(), &error);
        match &self.instead {
            Instead::Refuse => Err(error),
            Instead::Allow => Ok(Turn::Answer(uncounted::decision(charges))),
            Instead::Fallback(fallback) => Ok(Turn::Fallback(&**fallback, error)),
        }
    }

    /// What nobody can do in the store's place.
    fn not_done(&self, error: &Error) {
        if is_unavailable(error) {
            self.tally.count(Instead::<dyn RateLimiter>::Refuse.as_str(), error);
        }
    }

    #[cold]
    fn now_instead(&self, charges: &[Charge<'_>], error: Error) -> Option<Result<Decision>> {
        match self.turn_to(charges, error) {
            Ok(Turn::Answer(decision)) => Some(Ok(decision)),
            Ok(Turn::Fallback(fallback, error)) => match fallback.hit_now(charges) {
                Some(answer) => Some(in_its_name(answer, &error)),
                // Asking again would ask the store once more, which may have charged.
                None if error.may_have_charged() => Some(Err(error)),
                None => None,
            },
            Err(error) => Some(Err(error)),
        }
    }
}

enum Turn<'a> {
    Answer(Decision),
    Fallback(&'a dyn RateLimiter, Error),
}

#[async_trait]
impl RateLimiter for Rates {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        match self.store.hit(charges).await {
            Err(error) if is_unavailable(&error) => match self.turn_to(charges, error)? {
                Turn::Answer(decision) => Ok(decision),
                Turn::Fallback(fallback, error) => in_its_name(fallback.hit(charges).await, &error),
            },
            answer => answer,
        }
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        match self.store.peek(charges).await {
            Err(error) if is_unavailable(&error) => match self.turn_to(charges, error)? {
                Turn::Answer(decision) => Ok(decision),
                Turn::Fallback(fallback, error) => in_its_name(fallback.peek(charges).await, &error),
            },
            answer => answer,
        }
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        match (&self.instead, receipt.source()) {
            (Instead::Fallback(fallback), Source::Fallback) => fallback.refund(receipt).await,
            (Instead::Allow, Source::Uncounted) => Ok(()),
            _ => self.store.refund(receipt).await.inspect_err(|error| self.not_done(error)),
        }
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.store.reset(key, limit).await.inspect_err(|error| self.not_done(error))?;
        match &self.instead {
            Instead::Fallback(fallback) => fallback.reset(key, limit).await,
            Instead::Refuse | Instead::Allow => Ok(()),
        }
    }

    #[inline]
    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let answer = self.store.hit_now(charges);
        if !matches!(&answer, Some(Err(error)) if is_unavailable(error)) {
            return answer;
        }
        match answer {
            Some(Err(error)) => self.now_instead(charges, error),
            answer => answer,
        }
    }
}

/// The fallback's answer, as one that came from there.
fn in_its_name(answer: Result<Decision>, store: &Error) -> Result<Decision> {
    match answer {
        Ok(decision) => Ok(Decision::new(Source::Fallback, decision.outcomes().iter().copied())),
        Err(error) => Err(both(error, store)),
    }
}
