//! Limits, costs and times to draw from: small ones, where everything happens, and the largest that are exact.

use std::time::Duration;

use limiter_core::{Algorithm, EXACT, Key, Limit, MAX_LOG_UNITS};
use proptest::prelude::*;

/// A time that lies far enough from 0 for every step back.
pub(crate) const START_MS: u64 = 1_700_000_000_000;
/// The longest window.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// The four algorithms that count.
pub(crate) const COUNTING: [Algorithm; 4] =
    [Algorithm::FixedWindow, Algorithm::SlidingWindow, Algorithm::SlidingLog, Algorithm::TokenBucket];

/// What a limit is made of before it is known to be one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) algorithm: Algorithm,
    pub(crate) max: u64,
    pub(crate) burst: u64,
    pub(crate) window_ms: u64,
    pub(crate) count_denied: bool,
}

impl Parts {
    /// The nearest limit there is.
    pub(crate) fn limit(self) -> Limit {
        let window = Duration::from_millis(self.window_ms);
        let limit = match self.algorithm {
            Algorithm::FixedWindow => Limit::fixed_window(self.max, window),
            Algorithm::SlidingWindow => Limit::sliding_window(self.exact(self.max), window),
            Algorithm::SlidingLog => Limit::sliding_log(self.max.min(MAX_LOG_UNITS), window),
            _ => Limit::token_bucket(self.exact(self.max).max(1), window)
                .and_then(|limit| limit.with_burst(self.exact(self.burst).max(1))),
        };
        let limit = limit.unwrap();
        if self.count_denied && self.algorithm != Algorithm::SlidingLog {
            limit.counting_denied().unwrap()
        } else {
            limit
        }
    }

    fn exact(self, units: u64) -> u64 {
        units.min(EXACT / self.window_ms)
    }
}

pub(crate) fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(COUNTING.to_vec())
}

pub(crate) fn window_ms() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1..=60_u64,
        4 => prop::sample::select(vec![250, 1_000, 60_000, 3_600_000, 86_400_000, LONGEST_MS]),
        1 => 1..=LONGEST_MS,
    ]
}

/// Few units, mostly.
pub(crate) fn units() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..=12_u64, 2 => 0..=EXACT, 1 => Just(EXACT)]
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    (algorithm(), units(), units(), window_ms(), any::<bool>()).prop_map(
        |(algorithm, max, burst, window_ms, count_denied)| Parts {
            algorithm,
            max,
            burst,
            window_ms,
            count_denied,
        },
    )
}

/// A cost in view of a limit: a few units, about its capacity, or any.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cost {
    Few(u64),
    Part(u64, u64),
    Over(u64),
    Any(u64),
}

impl Cost {
    pub(crate) fn of(self, limit: &Limit) -> u64 {
        let capacity = u128::from(limit.capacity());
        let cost = match self {
            Self::Few(units) | Self::Any(units) => u128::from(units),
            Self::Part(of, parts) => capacity * u128::from(of) / u128::from(parts),
            Self::Over(units) => capacity + u128::from(units),
        };
        u64::try_from(cost).unwrap().min(EXACT)
    }
}

pub(crate) fn cost() -> impl Strategy<Value = Cost> {
    prop_oneof![
        6 => (0..=3_u64).prop_map(Cost::Few),
        3 => (1..=4_u64, Just(4)).prop_map(|(of, parts)| Cost::Part(of, parts)),
        1 => (0..=2_u64).prop_map(Cost::Over),
        1 => (0..=EXACT).prop_map(Cost::Any),
    ]
}

/// A move of the clock in view of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    Stay,
    On(u64),
    Part(u64, u64),
    /// To so many milliseconds after the window's last one.
    Turn(u64),
    Back(u64),
}

impl Move {
    pub(crate) fn from(self, clock_ms: u64, window_ms: u64) -> u64 {
        match self {
            Self::Stay => clock_ms,
            Self::On(by_ms) => clock_ms + by_ms,
            Self::Part(of, parts) => clock_ms + window_ms * of / parts,
            Self::Turn(by_ms) => clock_ms - clock_ms % window_ms + window_ms - 1 + by_ms,
            Self::Back(by_ms) => clock_ms - by_ms,
        }
    }
}

pub(crate) fn forward() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => Just(Move::Stay),
        3 => (1..=30_u64).prop_map(Move::On),
        4 => (0..=9_u64, Just(4)).prop_map(|(of, parts)| Move::Part(of, parts)),
        2 => (0..=2_u64).prop_map(Move::Turn),
    ]
}

pub(crate) fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        10 => forward(),
        1 => (1..=60_000_u64).prop_map(Move::Back),
        1 => prop::sample::select(vec![1, 59_999, 60_000, 60_001, 1_000_000]).prop_map(Move::Back),
    ]
}

pub(crate) fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}
