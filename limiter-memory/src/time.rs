//! The store's clock.

use std::sync::Arc;

use limiter_core::{Clock, SystemClock};

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
}
