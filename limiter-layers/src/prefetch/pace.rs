//! How many permits to ask for.

use limiter_core::{Algorithm, Limit};

/// So long a block is to last.
const LASTS_MS: u64 = 50;

/// How many permits to ask for: as many as demand uses up in a short time, and less the scarcer they are.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// What the next block should be, by demand.
    size: u64,
    /// Units left, as the store told last.
    left: u64,
    /// Whether it refused last: then nothing is asked for in advance.
    refused: bool,
}

impl Pace {
    /// So many of a block of `units` were used in that time.
    pub(super) fn used(&mut self, units: u64, used: u64, within_ms: u64) {
        let by_demand = used.saturating_mul(LASTS_MS) / within_ms.max(1);
        self.size = by_demand.min(units.saturating_mul(2));
    }

    /// The store charged, and told what is left.
    pub(super) fn charged(&mut self, left: u64) {
        (self.left, self.refused) = (left, false);
    }

    /// The store refused, and told what is left.
    pub(super) fn refused(&mut self, left: u64) {
        (self.size, self.left, self.refused) = (0, left, true);
    }

    /// The most units to ask for in one call for those who wait.
    pub(super) const fn at_once(&self, capacity: u64) -> u64 {
        if self.refused { self.left } else { capacity }
    }

    /// Units to ask for beyond those that are wanted now: at most `most`, and one part in `share` of what is left.
    pub(super) fn beyond(&self, wanted: u64, limit: &Limit, most: u64, share: u64) -> u64 {
        if self.refused || self.size <= wanted {
            return 0;
        }
        let size = self.size.max(self.flows_in(limit));
        (size - wanted).min(most).min(self.left / share)
    }

    /// What a block loses, while it is to last, to what flows into its bucket: so much larger it has to be. A bucket that
    /// is less than half full is too scarce for that.
    fn flows_in(&self, limit: &Limit) -> u64 {
        if limit.algorithm() != Algorithm::TokenBucket || self.left < limit.capacity() / 2 {
            return 0;
        }
        limit.max().saturating_mul(LASTS_MS) / limit.window_ms()
    }
}
