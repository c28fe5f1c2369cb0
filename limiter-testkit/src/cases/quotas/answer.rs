//! What a quota tracker answered, and what can be expected of it.

use std::fmt::Write;
use std::ops::RangeInclusive;
use std::time::Duration;

use limiter_core::{QuotaOutcome, Retry};

use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// An answer under trial: each expectation that it doesn't meet breaks the promise. Where it has several outcomes,
/// those about one are about the first.
#[derive(Debug)]
pub(crate) struct QuotaAnswer {
    promise: Promise,
    asked: String,
    allowed: bool,
    outcomes: Vec<QuotaOutcome>,
    /// The store's time at which it was made.
    at_ms: u64,
}

impl QuotaAnswer {
    pub(crate) const fn new(
        promise: Promise,
        asked: String,
        allowed: bool,
        outcomes: Vec<QuotaOutcome>,
        at_ms: u64,
    ) -> Self {
        Self { promise, asked, allowed, outcomes, at_ms }
    }

    /// The whole call, and each charge of it.
    pub(crate) fn allowed(&self) -> Kept<&Self> {
        let all = self.outcomes.iter().all(QuotaOutcome::is_allowed);
        self.expect(self.allowed && all, "allowed")
    }

    /// At least one charge doesn't fit.
    pub(crate) fn refused(&self) -> Kept<&Self> {
        self.expect(!self.allowed, "refused")
    }

    /// Allowed or refused.
    pub(crate) fn allowed_if(&self, fits: bool) -> Kept<&Self> {
        if fits { self.allowed() } else { self.refused() }
    }

    /// Which charges fit, in their order.
    pub(crate) fn fit(&self, wanted: &[bool]) -> Kept<&Self> {
        let got: Vec<_> = self.outcomes.iter().map(QuotaOutcome::is_allowed).collect();
        self.expect(got == wanted, &format!("which charges fit: {wanted:?}"))
    }

    /// So much is used.
    pub(crate) fn used(&self, units: u64) -> Kept<&Self> {
        let got = self.first()?.used;
        self.expect(got == units, &format!("{units} used"))
    }

    /// So much is used of each charge's quota, in their order.
    pub(crate) fn used_of_each(&self, wanted: &[u64]) -> Kept<&Self> {
        let got: Vec<_> = self.outcomes.iter().map(|outcome| outcome.used).collect();
        self.expect(got == wanted, &format!("used, in the order of the charges: {wanted:?}"))
    }

    /// So much is set aside.
    pub(crate) fn reserved(&self, units: u64) -> Kept<&Self> {
        let got = self.first()?.reserved;
        self.expect(got == units, &format!("{units} reserved"))
    }

    /// No less and no more is set aside.
    pub(crate) fn reserved_within(&self, units: RangeInclusive<u64>) -> Kept<&Self> {
        let got = self.first()?.reserved;
        let (least, most) = units.clone().into_inner();
        self.expect(
            units.contains(&got),
            &format!("{least} to {most} reserved, as many as were granted or more"),
        )
    }

    /// So much is left.
    pub(crate) fn remaining(&self, units: u64) -> Kept<&Self> {
        let got = self.first()?.remaining;
        self.expect(got == units, &format!("{units} remaining"))
    }

    /// It never fits.
    pub(crate) fn never(&self) -> Kept<&Self> {
        let got = self.first()?.retry_after;
        self.expect(got == Some(Retry::Never), "that it never fits")
    }

    /// It fits again at that time of the store.
    pub(crate) fn fits_at_ms(&self, at_ms: u64) -> Kept<&Self> {
        let wait = Duration::from_millis(at_ms.saturating_sub(self.at_ms));
        let got = self.first()?.retry_after;
        self.expect(got == Some(Retry::After(wait)), &format!("refused until {at_ms}: retry after {wait:?}"))
    }

    /// The period ends at that time of the store.
    pub(crate) fn ends_at_ms(&self, at_ms: u64) -> Kept<&Self> {
        let wait = Duration::from_millis(at_ms.saturating_sub(self.at_ms));
        let got = self.first()?.reset_after;
        self.expect(got == wait, &format!("reset after {wait:?}"))
    }

    /// Another expectation, in words.
    pub(crate) fn expect(&self, met: bool, wanted: &str) -> Kept<&Self> {
        if met { Ok(self) } else { Err(self.broken(wanted)) }
    }

    pub(crate) const fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// The store's time at which it was made.
    pub(crate) const fn at_ms(&self) -> u64 {
        self.at_ms
    }

    fn first(&self) -> Kept<&QuotaOutcome> {
        self.outcomes.first().ok_or_else(|| self.broken("an outcome for each charge"))
    }

    fn broken(&self, wanted: &str) -> Broken {
        self.promise.broken(&*self.asked, wanted, self.told())
    }

    /// The answer in words.
    fn told(&self) -> String {
        let mut words = String::from(if self.allowed { "allowed" } else { "refused" });
        for outcome in &self.outcomes {
            let QuotaOutcome { used, reserved, remaining, reset_after, retry_after, .. } = outcome;
            let _ = write!(words, "; {used} used, {reserved} reserved, {remaining} remaining");
            let _ = write!(words, ", reset after {reset_after:?}");
            if let Some(retry) = retry_after {
                let _ = write!(words, ", {retry}");
            }
        }
        words
    }
}
