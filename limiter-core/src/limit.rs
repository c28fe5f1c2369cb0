//! How much, per how long, counted how.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::exact::EXACT;

/// The longest window, in days.
pub const MAX_WINDOW_DAYS: u64 = 366;
/// The longest window, in milliseconds.
pub(crate) const MAX_WINDOW_MS: u64 = MAX_WINDOW_DAYS * 86_400_000;
/// The most units a sliding log counts, since it keeps an entry for each charge.
pub const MAX_LOG_UNITS: u64 = 10_000;

/// How a [`Limit`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// A count that starts at zero in every window, aligned to the epoch.
    FixedWindow,
    /// The current window's count and the previous one's, weighted by how much of it still lies in the span.
    SlidingWindow,
    /// Every charge with its time: exact in any span, at the cost of an entry a charge.
    SlidingLog,
    /// Tokens that flow in steadily up to a burst.
    TokenBucket,
    /// No limit: always fits and stores nothing.
    Unlimited,
}

impl Algorithm {
    /// The name in structured text: `fixed_window`, `sliding_window`, `sliding_log`, `token_bucket`, `unlimited`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FixedWindow => "fixed_window",
            Self::SlidingWindow => "sliding_window",
            Self::SlidingLog => "sliding_log",
            Self::TokenBucket => "token_bucket",
            Self::Unlimited => "unlimited",
        }
    }
}

/// A limit: an algorithm and `max` units in a window, for a token bucket also a burst.
///
/// A limit that exists is valid and exact: its arithmetic stays within 2^53 − 1. Built in code with the
/// constructors below (all `const`), from text with [`str::parse`], or checked at compile time with
/// [`limit!`](crate::limit!).
///
/// ```
/// use std::time::Duration;
/// use limiter_core::{Limit, limit};
///
/// let minute = Duration::from_secs(60);
/// assert_eq!(Limit::sliding_window(5, minute)?, limit!("5/min"));
/// assert_eq!("5/min".parse::<Limit>()?, limit!("5/min"));
/// assert_eq!(Limit::token_bucket(10, Duration::from_secs(1))?.with_burst(20)?, limit!("bucket 10/s burst 20"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    max: u64,
    burst: u64,
    window_ms: u64,
    algorithm: Algorithm,
    count_denied: bool,
}

/// A limit or quota that breaks a rule: the field, its value, what is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value}; accepted: {accepted}")]
pub struct LimitError {
    pub(crate) field: &'static str,
    pub(crate) value: u128,
    pub(crate) accepted: &'static str,
}

impl LimitError {
    /// The field that is wrong.
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// What is accepted there.
    pub const fn accepted(&self) -> &'static str {
        self.accepted
    }

    const fn new(field: &'static str, value: u128, accepted: &'static str) -> Self {
        Self { field, value, accepted }
    }
}

impl From<LimitError> for Error {
    fn from(error: LimitError) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string())
    }
}

impl Limit {
    /// No limit. It always fits, stores nothing, and its `remaining` is [`EXACT`].
    pub const UNLIMITED: Self =
        Self { max: EXACT, burst: EXACT, window_ms: 0, algorithm: Algorithm::Unlimited, count_denied: false };

    /// At most `max` units in every window, windows aligned to the Unix epoch. Across the turn of a window
    /// up to twice as many may pass in a short time: [`Limit::sliding_window`] doesn't let them.
    ///
    /// # Errors
    /// `max` above 2^53 − 1; a window that isn't whole milliseconds from 1 ms to 366 days.
    pub const fn fixed_window(max: u64, window: Duration) -> Result<Self, LimitError> {
        Self::build(Algorithm::FixedWindow, max, window)
    }

    /// At most `max` units in any window, as far as the previous window's units were spread evenly. The choice
    /// when in doubt: two numbers a key, no doubling at the turn.
    ///
    /// # Errors
    /// As [`Limit::fixed_window`], and `max · window` in milliseconds above 2^53 − 1.
    pub const fn sliding_window(max: u64, window: Duration) -> Result<Self, LimitError> {
        Self::build(Algorithm::SlidingWindow, max, window)
    }

    /// At most `max` units in any window whatsoever. Keeps an entry a charge, so `max` is at most 10 000.
    ///
    /// # Errors
    /// As [`Limit::fixed_window`], and `max` above 10 000.
    pub const fn sliding_log(max: u64, window: Duration) -> Result<Self, LimitError> {
        Self::build(Algorithm::SlidingLog, max, window)
    }

    /// `max` tokens a window flow in steadily, up to `max` of them unless [`Limit::with_burst`] says otherwise.
    ///
    /// # Errors
    /// As [`Limit::sliding_window`], and `max` of 0.
    pub const fn token_bucket(max: u64, window: Duration) -> Result<Self, LimitError> {
        Self::build(Algorithm::TokenBucket, max, window)
    }

    /// The same token bucket with room for `burst` tokens.
    ///
    /// # Errors
    /// `burst` of 0, `burst · window` in milliseconds above 2^53 − 1, or another algorithm.
    pub const fn with_burst(mut self, burst: u64) -> Result<Self, LimitError> {
        if !matches!(self.algorithm, Algorithm::TokenBucket) {
            return Err(LimitError::new("burst", burst as u128, "a burst only for a token bucket"));
        }
        if burst == 0 || burst > EXACT {
            return Err(LimitError::new("burst", burst as u128, "1 to 2^53 - 1 for a token bucket"));
        }
        if burst > EXACT / self.window_ms {
            return Err(LimitError::new("burst", burst as u128, "burst times window in ms up to 2^53 - 1"));
        }
        self.burst = burst;
        Ok(self)
    }

    /// The same limit, counting denied hits too: who keeps knocking stays out.
    ///
    /// # Errors
    /// For a sliding log, which would keep an entry for each refusal.
    pub const fn counting_denied(mut self) -> Result<Self, LimitError> {
        if matches!(self.algorithm, Algorithm::SlidingLog | Algorithm::Unlimited) {
            return Err(LimitError::new(
                "count_denied",
                1,
                "1 only for a fixed or sliding window or a token bucket",
            ));
        }
        self.count_denied = true;
        Ok(self)
    }

    /// How it counts.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Units a window.
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The window; zero for unlimited.
    pub const fn window(&self) -> Duration {
        Duration::from_millis(self.window_ms)
    }

    /// The window in milliseconds; 0 for unlimited.
    pub const fn window_ms(&self) -> u64 {
        self.window_ms
    }

    /// The most units that fit at once: the burst of a token bucket, `max` of the others.
    pub const fn capacity(&self) -> u64 {
        self.burst
    }

    /// Whether denied hits are counted.
    pub const fn counts_denied(&self) -> bool {
        self.count_denied
    }

    /// Whether it has no limit.
    pub const fn is_unlimited(&self) -> bool {
        matches!(self.algorithm, Algorithm::Unlimited)
    }

    /// Whether both limits count in the same counter of a key: the same algorithm and window. Changing
    /// `max`, burst or `count_denied` keeps the counts.
    pub const fn same_counter(&self, other: &Self) -> bool {
        self.algorithm as u8 == other.algorithm as u8 && self.window_ms == other.window_ms
    }

    pub(crate) const fn from_ms(algorithm: Algorithm, max: u64, window_ms: u64) -> Result<Self, LimitError> {
        if window_ms == 0 || window_ms > MAX_WINDOW_MS {
            return Err(LimitError::new("window in ms", window_ms as u128, WINDOW));
        }
        if max > EXACT {
            return Err(LimitError::new("max", max as u128, "0 to 2^53 - 1"));
        }
        let weighted = matches!(algorithm, Algorithm::SlidingWindow | Algorithm::TokenBucket);
        if weighted && max > EXACT / window_ms {
            return Err(LimitError::new("max", max as u128, "max times window in ms up to 2^53 - 1"));
        }
        if matches!(algorithm, Algorithm::SlidingLog) && max > MAX_LOG_UNITS {
            return Err(LimitError::new("max", max as u128, "0 to 10000 for a sliding log"));
        }
        if matches!(algorithm, Algorithm::TokenBucket) && max == 0 {
            return Err(LimitError::new("max", 0, "at least 1 for a token bucket"));
        }
        Ok(Self { max, burst: max, window_ms, algorithm, count_denied: false })
    }

    #[expect(clippy::cast_possible_truncation, reason = "checked just above the cast")]
    const fn build(algorithm: Algorithm, max: u64, window: Duration) -> Result<Self, LimitError> {
        let window_ms = window.as_millis();
        if !window.subsec_nanos().is_multiple_of(1_000_000) {
            return Err(LimitError::new("window in ns", window.as_nanos(), "whole milliseconds"));
        }
        if window_ms > MAX_WINDOW_MS as u128 {
            return Err(LimitError::new("window in ms", window_ms, WINDOW));
        }
        Self::from_ms(algorithm, max, window_ms as u64)
    }
}

const WINDOW: &str = "1 ms to 366 days";
