//! A counter of whichever algorithm a limit names.

use super::counter::{self, Act, Counter};
use super::{FixedWindow, SlidingLog, SlidingWindow, TokenBucket};
use crate::charge::Charge;
use crate::decision::Decision;
use crate::exact::EXACT;
use crate::limit::Algorithm;
use crate::outcome::{Outcome, Source};

/// The state of a counter of any algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnyCounter {
    /// For [`Algorithm::FixedWindow`].
    FixedWindow(FixedWindow),
    /// For [`Algorithm::SlidingWindow`].
    SlidingWindow(SlidingWindow),
    /// For [`Algorithm::SlidingLog`].
    SlidingLog(SlidingLog),
    /// For [`Algorithm::TokenBucket`].
    TokenBucket(TokenBucket),
    /// For [`Algorithm::Unlimited`]: nothing is ever stored.
    Unlimited,
}

impl AnyCounter {
    /// A counter that was never used.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::FixedWindow => Self::FixedWindow(FixedWindow::default()),
            Algorithm::SlidingWindow => Self::SlidingWindow(SlidingWindow::default()),
            Algorithm::SlidingLog => Self::SlidingLog(SlidingLog::default()),
            Algorithm::TokenBucket => Self::TokenBucket(TokenBucket::default()),
            Algorithm::Unlimited => Self::Unlimited,
        }
    }

    /// From when on it is as if never used, and no step back of the clock that a store bears with can reach its last
    /// change. A store may drop it 60 s later ([`CLOCK_TOLERANCE_MS`](crate::CLOCK_TOLERANCE_MS)), and not sooner.
    pub fn idle_at_ms(&self, window_ms: u64) -> u64 {
        match self {
            Self::FixedWindow(window) if window.count > 0 => window.start_ms + window_ms,
            Self::FixedWindow(window) => window.written_ms,
            Self::SlidingWindow(window) if window.current > 0 => window.start_ms + 2 * window_ms,
            Self::SlidingWindow(window) if window.previous > 0 => window.start_ms + window_ms,
            Self::SlidingWindow(window) => window.written_ms,
            Self::SlidingLog(log) => {
                log.newest_ms().map_or(log.written_ms(), |newest_ms| newest_ms + window_ms)
            }
            Self::TokenBucket(bucket) => bucket.full_at_ms,
            Self::Unlimited => 0,
        }
    }

    /// Decides a whole call: all charges are made or none, and a denied hit is counted where its limit says so.
    /// `counters[i]` belongs to `charges[i]`; it is changed in place and is to be stored only when outcome `i`
    /// tells `charged_at_ms`.
    pub fn hit(counters: &mut [Self], charges: &[Charge<'_>], clock_ms: u64) -> Decision {
        let fit = counters.iter().zip(charges).all(|(counter, charge)| counter.fits(charge, clock_ms));
        Self::judge_all(counters, charges, clock_ms, if fit { Act::Charge } else { Act::Deny })
    }

    /// Describes a whole call without making it.
    pub fn peek(counters: &mut [Self], charges: &[Charge<'_>], clock_ms: u64) -> Decision {
        Self::judge_all(counters, charges, clock_ms, Act::Look)
    }

    /// Gives back what was charged at a time; says whether that changed anything.
    pub fn refund(&mut self, charge: &Charge<'_>, charged_at_ms: u64, clock_ms: u64) -> bool {
        match self {
            Self::FixedWindow(window) => counter::refund(window, charge, charged_at_ms, clock_ms),
            Self::SlidingWindow(window) => counter::refund(window, charge, charged_at_ms, clock_ms),
            Self::SlidingLog(log) => counter::refund(log, charge, charged_at_ms, clock_ms),
            Self::TokenBucket(bucket) => counter::refund(bucket, charge, charged_at_ms, clock_ms),
            Self::Unlimited => false,
        }
    }

    fn fits(&self, charge: &Charge<'_>, clock_ms: u64) -> bool {
        match self {
            Self::FixedWindow(window) => counter::fits(window, charge, clock_ms),
            Self::SlidingWindow(window) => counter::fits(window, charge, clock_ms),
            Self::SlidingLog(log) => log.fits(charge, clock_ms),
            Self::TokenBucket(bucket) => counter::fits(bucket, charge, clock_ms),
            Self::Unlimited => true,
        }
    }

    fn judge(&mut self, place: usize, charge: &Charge<'_>, clock_ms: u64, act: Act) -> Outcome {
        match self {
            Self::FixedWindow(window) => counter::judge(window, place, charge, clock_ms, act),
            Self::SlidingWindow(window) => counter::judge(window, place, charge, clock_ms, act),
            Self::SlidingLog(log) => counter::judge(log, place, charge, clock_ms, act),
            Self::TokenBucket(bucket) => counter::judge(bucket, place, charge, clock_ms, act),
            Self::Unlimited => Outcome::fitting(place, EXACT, 0),
        }
    }

    fn judge_all(counters: &mut [Self], charges: &[Charge<'_>], clock_ms: u64, act: Act) -> Decision {
        let pairs = counters.iter_mut().zip(charges).enumerate();
        let outcomes = pairs.map(|(place, (counter, charge))| counter.judge(place, charge, clock_ms, act));
        Decision::new(Source::Store, outcomes)
    }
}
