//! How many permits to ask for.

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
    pub(super) fn beyond(&self, wanted: u64, most: u64, share: u64) -> u64 {
        if self.refused {
            return 0;
        }
        self.size.saturating_sub(wanted).min(most).min(self.left / share)
    }
}
