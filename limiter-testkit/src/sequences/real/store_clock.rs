//! The store's clock, held against this process's own.

use std::time::Instant;

/// How far both may drift apart while a sequence lasts, in milliseconds: a clock may be coarse, or be slewed.
const DRIFT_MS: i64 = 20;

/// What was seen of the store's clock.
#[derive(Debug)]
pub(super) struct StoreClock {
    start: Instant,
    /// The store's time less this process's is at least, and at most, so many milliseconds.
    ahead_ms: (i64, i64),
}

impl StoreClock {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), ahead_ms: (i64::MIN, i64::MAX) }
    }

    /// This process's time, in milliseconds since the start.
    pub(super) fn here_ms(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// That the store showed a time after `asked_ms` and before now.
    pub(super) fn showed(&mut self, now_ms: u64, asked_ms: i64) {
        let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
        let (least, most) = self.ahead_ms;
        self.ahead_ms = (least.max(now_ms - self.here_ms() - 1), most.min(now_ms - asked_ms + 1));
    }

    /// Whether it went as this process's clock did: nobody has set it.
    pub(super) const fn is_steady(&self) -> bool {
        let (least, most) = self.ahead_ms;
        least.saturating_sub(most) <= DRIFT_MS
    }
}
