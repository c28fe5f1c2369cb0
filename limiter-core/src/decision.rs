//! The answer to a hit.

use std::fmt;
use std::ops::Deref;

use arrayvec::ArrayVec;

use crate::charge::Charge;
use crate::error::{Error, Result};
use crate::outcome::{Outcome, Retry, Source};
use crate::receipt::Receipt;

/// Outcomes of up to three charges stay inside the decision. A single one, the usual case, is written where the
/// caller wants it without being copied.
#[derive(Debug)]
enum Outcomes {
    One(Outcome),
    Few(ArrayVec<Outcome, 3>),
    Many(Box<[Outcome]>),
}

impl Outcomes {
    fn collect(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut outcomes = outcomes.into_iter().fuse();
        let few: ArrayVec<Outcome, 3> = outcomes.by_ref().take(3).collect();
        match outcomes.next() {
            None => Self::Few(few),
            Some(fourth) => Self::Many(few.into_iter().chain([fourth]).chain(outcomes).collect()),
        }
    }
}

impl Deref for Outcomes {
    type Target = [Outcome];

    #[inline]
    fn deref(&self) -> &[Outcome] {
        match self {
            Self::One(outcome) => std::slice::from_ref(outcome),
            Self::Few(outcomes) => outcomes,
            Self::Many(outcomes) => outcomes,
        }
    }
}

impl PartialEq for Outcomes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Outcomes {}

/// The answer to a hit or a peek: allowed when every charge fits, denied otherwise.
///
/// It isn't `Clone`, because it can be turned into a [`Receipt`] once.
///
/// ```
/// use limiter_core::{Decision, Retry};
///
/// fn status(decision: &Decision) -> (u16, Option<u64>) {
///     match decision {
///         Decision::Allowed(_) => (200, None),
///         Decision::Denied(denied) => (429, denied.retry_after().after_secs()),
///     }
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a decision that nobody looks at limits nothing"]
pub enum Decision {
    /// Every charge fits. A hit has made them all.
    Allowed(Allowed),
    /// At least one doesn't. A hit has made none, but for limits that count denied hits.
    Denied(Denied),
}

/// What an allowed decision tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Allowed {
    outcomes: Outcomes,
    source: Source,
}

/// What a denied decision tells: which charge denied, and how long to wait.
///
/// It is an error too, so that `?` can end a handler: see [`Decision::into_result`].
#[derive(Debug, PartialEq, Eq)]
pub struct Denied {
    outcomes: Outcomes,
    source: Source,
}

impl Decision {
    /// A decision from the outcomes of the charges, in their order: allowed when all of them are. A decision
    /// that didn't come from the counters has only the outcomes that are known. For authors of backends.
    #[inline]
    pub fn new(source: Source, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let outcomes = Outcomes::collect(outcomes);
        if outcomes.iter().all(Outcome::is_allowed) {
            Self::Allowed(Allowed { outcomes, source })
        } else {
            Self::Denied(Denied { outcomes, source })
        }
    }

    /// The decision on a single charge.
    #[inline]
    pub fn of_one(source: Source, outcome: Outcome) -> Self {
        let (allowed, outcomes) = (outcome.is_allowed(), Outcomes::One(outcome));
        if allowed {
            Self::Allowed(Allowed { outcomes, source })
        } else {
            Self::Denied(Denied { outcomes, source })
        }
    }

    /// Whether every charge fits.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// The outcomes, one for each charge in the call's order, or those that are known.
    pub fn outcomes(&self) -> &[Outcome] {
        match self {
            Self::Allowed(allowed) => &allowed.outcomes,
            Self::Denied(denied) => &denied.outcomes,
        }
    }

    /// Where the decision comes from.
    pub const fn source(&self) -> Source {
        match self {
            Self::Allowed(allowed) => allowed.source,
            Self::Denied(denied) => denied.source,
        }
    }

    /// The outcome that matters most: when denied the one with the longest wait, when allowed the one with the
    /// least remaining; the first of equals. `None` when nothing was counted.
    pub fn binding(&self) -> Option<&Outcome> {
        match self {
            Self::Allowed(allowed) => allowed.outcomes.iter().min_by_key(|outcome| outcome.remaining()),
            Self::Denied(denied) => longest(&denied.outcomes),
        }
    }

    /// The longest wait among the denied charges; `None` when allowed.
    pub fn retry_after(&self) -> Option<Retry> {
        match self {
            Self::Allowed(_) => None,
            Self::Denied(denied) => Some(denied.retry_after()),
        }
    }

    /// `Ok` when allowed, the denial as an error otherwise.
    ///
    /// # Errors
    /// The denial.
    pub fn into_result(self) -> Result<Allowed, Denied> {
        match self {
            Self::Allowed(allowed) => Ok(allowed),
            Self::Denied(denied) => Err(denied),
        }
    }

    /// The receipt for what this call charged, to give it back with
    /// [`refund`](crate::RateLimiter::refund). `charges` are those of the call.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) when the call had fewer charges than the decision
    /// has outcomes.
    pub fn into_receipt(self, charges: &[Charge<'_>]) -> Result<Receipt> {
        let mut receipt = Receipt::new(self.source());
        for outcome in self.outcomes() {
            let Some(charge) = charges.get(outcome.charge()) else {
                let given = format_args!("{} charges", charges.len()).to_string();
                return Err(Error::invalid("receipt", given, "the charges of the call that was decided"));
            };
            if let Some(charged_at_ms) = outcome.charged_at_ms() {
                receipt.add(charge, charged_at_ms)?;
            }
        }
        Ok(receipt)
    }
}

impl Allowed {
    /// The outcomes, one for each charge in the call's order, or those that are known.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Where the decision comes from.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The least that is left of any of the limits; `None` when nothing was counted.
    pub fn remaining(&self) -> Option<u64> {
        self.outcomes.iter().map(Outcome::remaining).min()
    }
}

impl Denied {
    /// The outcomes, one for each charge in the call's order, or those that are known.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Where the decision comes from.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Which charge of the call denied: of several, the one with the longest wait.
    pub fn charge(&self) -> usize {
        longest(&self.outcomes).map_or(0, Outcome::charge)
    }

    /// The charge that denied, out of those of the call; `None` when these aren't the call's.
    pub fn charge_of<'a, 'b>(&self, charges: &'a [Charge<'b>]) -> Option<&'a Charge<'b>> {
        charges.get(self.charge())
    }

    /// How long to wait until the whole call fits, if nobody else hits.
    pub fn retry_after(&self) -> Retry {
        longest(&self.outcomes).and_then(Outcome::retry_after).unwrap_or(Retry::Never)
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "denied by charge {}: {}", self.charge(), self.retry_after())
    }
}

impl std::error::Error for Denied {}

fn longest(outcomes: &[Outcome]) -> Option<&Outcome> {
    let denied = outcomes.iter().filter(|outcome| !outcome.is_allowed());
    denied.reduce(|first, next| if next.retry_after() > first.retry_after() { next } else { first })
}
