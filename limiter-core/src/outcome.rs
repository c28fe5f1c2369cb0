//! What is known of one charge after a call.

use std::fmt;
use std::time::Duration;

use crate::exact::EXACT;

/// How long to wait before the same charge fits, if nobody else hits.
///
/// The wait is exact: at that moment the charge fits, one millisecond sooner it doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retry {
    /// It fits after this long.
    After(Duration),
    /// It never fits: the cost is above the limit's capacity, or `max` is 0.
    Never,
}

impl Retry {
    /// The wait, unless it is never.
    pub const fn after(self) -> Option<Duration> {
        match self {
            Self::After(wait) => Some(wait),
            Self::Never => None,
        }
    }

    /// The wait in whole seconds, rounded up, for a `Retry-After` header; `None` for never.
    ///
    /// ```
    /// use std::time::Duration;
    /// use limiter_core::Retry;
    ///
    /// assert_eq!(Retry::After(Duration::from_millis(1001)).after_secs(), Some(2));
    /// ```
    pub fn after_secs(self) -> Option<u64> {
        self.after().map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(wait) => write!(f, "retry after {wait:?}"),
            Self::Never => f.write_str("never fits"),
        }
    }
}

/// Where a decision comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The counters themselves.
    Store,
    /// A full store's shared counters, which several keys fill together: may refuse too much.
    Overflow,
    /// A remembered denial that is known to last.
    Cache,
    /// Permits taken from the store in advance.
    Prefetched,
    /// Another backend, because the first was unavailable.
    Fallback,
    /// Nobody counted: the store was unavailable and the caller's setting lets through.
    Uncounted,
    /// Nobody counted: the counters would refuse, and shadow mode lets through.
    Shadow,
}

/// What one charge came to: whether it fits, what is left, and when that changes.
///
/// Half a cache line, so that a decision on three charges can be moved without a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Units left in the lower 56 bits, the charge's place in the upper 8.
    remaining_and_charge: u64,
    reset_after_ms: u64,
    retry_after_ms: u64,
    charged_at_ms: u64,
}

const CHARGE_SHIFT: u32 = 56;

/// In `retry_after_ms`: the charge fits.
pub(crate) const FITS: u64 = u64::MAX;
/// In `retry_after_ms`: the charge never fits.
pub(crate) const NEVER: u64 = u64::MAX - 1;
/// In `charged_at_ms`: nothing was charged.
pub(crate) const NOT_CHARGED: u64 = u64::MAX;

impl Outcome {
    /// A charge that fits, by its place in the call. For authors of backends.
    #[inline]
    pub const fn fitting(charge: usize, remaining: u64, reset_after_ms: u64) -> Self {
        Self::build(charge, remaining, reset_after_ms, FITS, NOT_CHARGED)
    }

    /// A charge that doesn't fit until `retry_after_ms` have passed (`None`: never). For authors of backends.
    #[inline]
    pub const fn refused(
        charge: usize,
        remaining: u64,
        reset_after_ms: u64,
        retry_after_ms: Option<u64>,
    ) -> Self {
        let retry_after_ms = match retry_after_ms {
            Some(wait_ms) if wait_ms < NEVER => wait_ms,
            _ => NEVER,
        };
        Self::build(charge, remaining, reset_after_ms, retry_after_ms, NOT_CHARGED)
    }

    /// The same outcome, its units charged at a time of the store.
    #[inline]
    #[must_use]
    pub const fn charged_at(mut self, charged_at_ms: u64) -> Self {
        self.charged_at_ms = charged_at_ms;
        self
    }

    /// An outcome from all its parts at once, so that it is written once: see the constants for what isn't.
    #[inline]
    pub(crate) const fn build(
        charge: usize,
        remaining: u64,
        reset_after_ms: u64,
        retry_after_ms: u64,
        charged_at_ms: u64,
    ) -> Self {
        // What is remaining is at most 2^53 - 1 and a call has at most 64 charges: both fit in one word.
        let remaining = if remaining > EXACT { EXACT } else { remaining };
        let remaining_and_charge = (charge as u64) << CHARGE_SHIFT | remaining;
        Self { remaining_and_charge, reset_after_ms, retry_after_ms, charged_at_ms }
    }

    /// Which charge of the call this is about, counted from 0.
    pub const fn charge(&self) -> usize {
        (self.remaining_and_charge >> CHARGE_SHIFT) as usize
    }

    /// Whether the charge fits.
    #[inline]
    pub const fn is_allowed(&self) -> bool {
        self.retry_after_ms == FITS
    }

    /// Units left after the call.
    pub const fn remaining(&self) -> u64 {
        self.remaining_and_charge & ((1 << CHARGE_SHIFT) - 1)
    }

    /// Time until the counter is as if never used, if nobody hits it again; zero when it already is.
    pub const fn reset_after(&self) -> Duration {
        Duration::from_millis(self.reset_after_ms)
    }

    /// When it didn't fit: the least wait after which the same charge fits.
    pub const fn retry_after(&self) -> Option<Retry> {
        match self.retry_after_ms {
            FITS => None,
            NEVER => Some(Retry::Never),
            wait_ms => Some(Retry::After(Duration::from_millis(wait_ms))),
        }
    }

    /// The store's time at which units were charged, where they were: allowed and a cost above 0, or denied by
    /// a limit that counts denied hits.
    pub const fn charged_at_ms(&self) -> Option<u64> {
        if self.charged_at_ms == NOT_CHARGED { None } else { Some(self.charged_at_ms) }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("charge", &self.charge())
            .field("remaining", &self.remaining())
            .field("reset_after", &self.reset_after())
            .field("retry_after", &self.retry_after())
            .field("charged_at_ms", &self.charged_at_ms())
            .finish()
    }
}
