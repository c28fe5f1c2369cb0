//! Limits, costs and moves of the clock to draw from: small ones, where everything happens, and the largest that are
//! exact.

use std::time::Duration;

use limiter_core::{Algorithm, EXACT, Limit, LimitError, LimitSet, MAX_LOG_UNITS, MAX_WINDOW_DAYS};
use proptest::prelude::*;

/// A time that lies far enough from 0 for every step back, and at which no window turns.
pub const START_MS: u64 = 1_700_000_000_000;
const LONGEST_MS: u64 = MAX_WINDOW_DAYS * 86_400_000;

/// The four algorithms that count.
pub const COUNTING: [Algorithm; 4] =
    [Algorithm::FixedWindow, Algorithm::SlidingWindow, Algorithm::SlidingLog, Algorithm::TokenBucket];

/// What a limit is made of before it is known to be one.
#[derive(Clone, Copy, Debug)]
pub struct LimitParts {
    /// Any that counts.
    pub algorithm: Algorithm,
    /// Units a window.
    pub max: u64,
    /// The capacity of a token bucket.
    pub burst: u64,
    /// The window in milliseconds.
    pub window_ms: u64,
    /// Whether denied hits count.
    pub count_denied: bool,
}

impl LimitParts {
    /// The nearest limit that there is: no more units than are exact.
    ///
    /// # Errors
    /// A window of 0 or over 366 days.
    pub fn limit(self) -> Result<Limit, LimitError> {
        let window = Duration::from_millis(self.window_ms);
        let exact = |units: u64| units.min(EXACT / self.window_ms.max(1));
        let limit = match self.algorithm {
            Algorithm::FixedWindow => Limit::fixed_window(self.max.min(EXACT), window),
            Algorithm::SlidingWindow => Limit::sliding_window(exact(self.max), window),
            Algorithm::SlidingLog => Limit::sliding_log(self.max.min(MAX_LOG_UNITS), window),
            _ => Limit::token_bucket(exact(self.max).max(1), window)
                .and_then(|limit| limit.with_burst(exact(self.burst).max(1))),
        };
        let counts = self.count_denied && self.algorithm != Algorithm::SlidingLog;
        if counts { limit?.counting_denied() } else { limit }
    }
}

/// Any limit that counts: few units mostly, over a few milliseconds or as long as there is.
pub fn limits() -> impl Strategy<Value = Limit> {
    limit_parts().prop_filter_map("a limit", |parts| parts.limit().ok())
}

/// One to four limits for one key, each of another algorithm.
pub fn limit_sets() -> impl Strategy<Value = LimitSet> {
    changing_limit_sets().prop_map(|(limits, _)| limits)
}

/// As [`limit_sets`], and the same with other numbers: a change of configuration that keeps the counts.
pub fn changing_limit_sets() -> impl Strategy<Value = (LimitSet, LimitSet)> {
    let algorithms = prop::sample::subsequence(COUNTING.to_vec(), 1..=COUNTING.len());
    let numbers = || (units(), units(), any::<bool>());
    let parts = prop::collection::vec((windows_ms(), numbers(), numbers()), COUNTING.len());
    (algorithms, parts).prop_filter_map("limits for one key", |(algorithms, parts)| {
        let build = |later: bool| {
            let limits = algorithms.iter().zip(&parts).map(|(algorithm, (window_ms, one, other))| {
                let (max, burst, count_denied) = if later { *other } else { *one };
                LimitParts { algorithm: *algorithm, max, burst, window_ms: *window_ms, count_denied }.limit()
            });
            LimitSet::new(limits.collect::<Result<Vec<_>, _>>().ok()?).ok()
        };
        Some((build(false)?, build(true)?))
    })
}

/// The parts of any limit that counts.
pub fn limit_parts() -> impl Strategy<Value = LimitParts> {
    let algorithm = prop::sample::select(COUNTING.to_vec());
    (algorithm, units(), units(), windows_ms(), any::<bool>()).prop_map(
        |(algorithm, max, burst, window_ms, count_denied)| LimitParts {
            algorithm,
            max,
            burst,
            window_ms,
            count_denied,
        },
    )
}

/// Units: few, mostly.
pub fn units() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..=12_u64, 2 => 0..=EXACT, 1 => Just(EXACT)]
}

/// A window in milliseconds.
pub fn windows_ms() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1..=60_u64,
        4 => prop::sample::select(vec![250, 1_000, 60_000, 3_600_000, 86_400_000, LONGEST_MS]),
        1 => 1..=LONGEST_MS,
    ]
}

/// A cost in view of a limit.
#[derive(Clone, Copy, Debug)]
pub enum Cost {
    /// So many units.
    Units(u64),
    /// So many quarters of its capacity.
    Quarters(u64),
    /// So many more than its capacity.
    Over(u64),
}

impl Cost {
    /// In units.
    pub fn of(self, limit: &Limit) -> u64 {
        let capacity = u128::from(limit.capacity());
        let cost = match self {
            Self::Units(units) => u128::from(units),
            Self::Quarters(quarters) => capacity * u128::from(quarters) / 4,
            Self::Over(units) => capacity + u128::from(units),
        };
        u64::try_from(cost).unwrap_or(EXACT).min(EXACT)
    }
}

/// Few units mostly, some about the capacity.
pub fn costs() -> impl Strategy<Value = Cost> {
    prop_oneof![
        6 => (0..=3_u64).prop_map(Cost::Units),
        3 => (1..=4_u64).prop_map(Cost::Quarters),
        1 => (0..=2_u64).prop_map(Cost::Over),
        1 => (0..=EXACT).prop_map(Cost::Units),
    ]
}

/// A move of the clock in view of a window.
#[derive(Clone, Copy, Debug)]
pub enum Move {
    /// None.
    Stay,
    /// On by so many milliseconds.
    On(u64),
    /// On by so many quarters of the window.
    Quarters(u64),
    /// To so many milliseconds after the last one of a window that is aligned to the epoch.
    Turn(u64),
    /// Back by so many milliseconds.
    Back(u64),
}

impl Move {
    /// The time to which it leads.
    pub fn from(self, clock_ms: u64, window_ms: u64) -> u64 {
        match self {
            Self::Stay => clock_ms,
            Self::On(by_ms) => clock_ms.saturating_add(by_ms),
            Self::Quarters(quarters) => clock_ms.saturating_add(window_ms.saturating_mul(quarters) / 4),
            Self::Turn(by_ms) => clock_ms - clock_ms % window_ms.max(1) + window_ms.max(1) - 1 + by_ms,
            Self::Back(by_ms) => clock_ms.saturating_sub(by_ms),
        }
    }
}

/// Moves forward: none, a few milliseconds, parts of a window, to its turn.
pub fn moves_forward() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => Just(Move::Stay),
        3 => (1..=30_u64).prop_map(Move::On),
        4 => (0..=9_u64).prop_map(Move::Quarters),
        2 => (0..=2_u64).prop_map(Move::Turn),
    ]
}

/// Moves forward mostly; some back, within the minute that nobody notices or further.
pub fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        10 => moves_forward(),
        1 => (1..=60_000_u64).prop_map(Move::Back),
        1 => prop::sample::select(vec![1, 59_999, 60_000, 60_001, 1_000_000]).prop_map(Move::Back),
    ]
}
