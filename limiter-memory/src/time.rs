//! The store's clock.

use std::sync::Arc;

use limiter_core::{CLOCK_TOLERANCE_MS, Clock, SystemClock};

/// The process's clock, or one that was handed in. Told apart here, so that the usual one is called directly.
#[derive(Clone, Debug)]
pub(crate) enum Time {
    System(SystemClock),
    HandedIn(Arc<dyn Clock>),
}

impl Time {
    #[inline]
    pub(crate) fn now_ms(&self) -> u64 {
        match self {
            Self::System(clock) => clock.now_ms(),
            Self::HandedIn(clock) => clock.now_ms(),
        }
    }

    /// The time up to which what has ended may be dropped although there is room. None when the time is handed in:
    /// a trace may go back to any time, and must find what was there.
    pub(crate) fn ended_ms(&self, now_ms: u64) -> Option<u64> {
        match self {
            Self::System(_) => now_ms.checked_sub(CLOCK_TOLERANCE_MS),
            Self::HandedIn(_) => None,
        }
    }
}
