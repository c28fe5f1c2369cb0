//! What a rate limiter answered, and what can be expected of it.

use std::fmt::Write;
use std::ops::RangeInclusive;

use limiter_core::{Decision, Outcome, Retry};

use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// A decision under trial: each expectation that it doesn't meet breaks the promise.
#[derive(Debug)]
#[must_use = "an answer of which nothing is expected proves nothing"]
pub(crate) struct RateAnswer {
    promise: Promise,
    asked: String,
    decision: Decision,
    /// The store's times between which it was made: one, where the clock is handed in.
    between_ms: RangeInclusive<u64>,
    /// The store's time at which it charged, as far as it is known.
    made_at_ms: Option<u64>,
}

impl RateAnswer {
    pub(crate) const fn new(
        promise: Promise,
        asked: String,
        decision: Decision,
        between_ms: RangeInclusive<u64>,
        made_at_ms: Option<u64>,
    ) -> Self {
        Self { promise, asked, decision, between_ms, made_at_ms }
    }

    /// Every charge fits.
    pub(crate) fn allowed(&self) -> Kept<&Self> {
        self.expect(self.decision.is_allowed(), "allowed")
    }

    /// At least one charge doesn't fit.
    pub(crate) fn denied(&self) -> Kept<&Self> {
        self.expect(!self.decision.is_allowed(), "denied")
    }

    /// So much is left of the first charge's limit.
    pub(crate) fn remaining(&self, units: u64) -> Kept<&Self> {
        let got = self.first()?.remaining();
        self.expect(got == units, &format!("{units} remaining"))
    }

    /// The first charge never fits.
    pub(crate) fn never(&self) -> Kept<&Self> {
        let got = self.first()?.retry_after();
        self.expect(got == Some(Retry::Never), "that it never fits")
    }

    /// The first charge fits again at that time of the store.
    pub(crate) fn fits_at_ms(&self, at_ms: u64) -> Kept<&Self> {
        let wait = self.first()?.retry_after().and_then(Retry::after);
        let wait_ms = wait.and_then(|wait| u64::try_from(wait.as_millis()).ok());
        let met = wait_ms.is_some_and(|wait_ms| self.may_be_at(at_ms, wait_ms));
        self.expect(met, &format!("denied until {at_ms}: retry after {}", self.wait_until(at_ms)))
    }

    /// The first charge's counter is as if never used from that time of the store on.
    pub(crate) fn resets_at_ms(&self, at_ms: u64) -> Kept<&Self> {
        let wait_ms = u64::try_from(self.first()?.reset_after().as_millis()).ok();
        let met = wait_ms.is_some_and(|wait_ms| self.may_be_at(at_ms, wait_ms));
        self.expect(met, &format!("reset after {}", self.wait_until(at_ms)))
    }

    /// The first charge's counter already is as if never used.
    pub(crate) fn resets_now(&self) -> Kept<&Self> {
        let now = self.first()?.reset_after().is_zero();
        self.expect(now, "reset after 0, for nothing is counted")
    }

    /// When the first charge was charged, as it is told.
    pub(crate) fn charged_at_ms(&self) -> Kept<u64> {
        self.first()?.charged_at_ms().ok_or_else(|| self.broken("charged_at"))
    }

    /// When the first charge was charged. Where the clock is handed in, that is what it shows.
    pub(crate) fn made_at_ms(&self) -> Kept<u64> {
        self.made_at_ms.ok_or_else(|| self.broken("charged_at"))
    }

    /// Another expectation, in words.
    pub(crate) fn expect(&self, met: bool, wanted: &str) -> Kept<&Self> {
        if met { Ok(self) } else { Err(self.broken(wanted)) }
    }

    /// The store's times between which it was made: one, where the clock is handed in.
    pub(crate) const fn between_ms(&self) -> &RangeInclusive<u64> {
        &self.between_ms
    }

    pub(crate) const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// All of it in words.
    pub(crate) fn told(&self) -> String {
        told(&self.decision)
    }

    /// What is told of the first charge.
    pub(crate) fn first(&self) -> Kept<&Outcome> {
        self.decision.outcomes().first().ok_or_else(|| self.broken("an outcome for each charge"))
    }

    /// Whether a wait told at some time between the two ends at `at_ms`.
    fn may_be_at(&self, at_ms: u64, wait_ms: u64) -> bool {
        (self.between_ms.start() + wait_ms..=self.between_ms.end() + wait_ms).contains(&at_ms)
    }

    fn wait_until(&self, at_ms: u64) -> String {
        let (start_ms, end_ms) = self.between_ms.clone().into_inner();
        let (most_ms, least_ms) = (at_ms.saturating_sub(start_ms), at_ms.saturating_sub(end_ms));
        if most_ms == least_ms { format!("{most_ms} ms") } else { format!("{least_ms} to {most_ms} ms") }
    }

    fn broken(&self, wanted: &str) -> Broken {
        self.promise.broken(&*self.asked, wanted, told(&self.decision))
    }
}

/// A decision in words.
fn told(decision: &Decision) -> String {
    let mut words = String::from(if decision.is_allowed() { "allowed" } else { "denied" });
    for outcome in decision.outcomes() {
        let (remaining, reset_after) = (outcome.remaining(), outcome.reset_after());
        let _ = write!(words, "; {remaining} remaining, reset after {reset_after:?}");
        if let Some(retry) = outcome.retry_after() {
            let _ = write!(words, ", {retry}");
        }
        if let Some(charged_at_ms) = outcome.charged_at_ms() {
            let _ = write!(words, ", charged at {charged_at_ms}");
        }
    }
    words
}
