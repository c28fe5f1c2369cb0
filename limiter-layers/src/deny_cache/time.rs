//! The cache's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use limiter_core::{CLOCK_TOLERANCE_MS, Clock};

use crate::moment::{Moment, Watch};

/// By which the cache goes: the clocks of this machine, or one that was handed in.
#[derive(Debug)]
pub(super) struct Time {
    watch: Watch,
    handed_in: Option<Shown>,
}

/// A clock, and the latest time that it has shown.
#[derive(Debug)]
struct Shown {
    clock: Arc<dyn Clock>,
    latest_ms: AtomicU64,
}

impl Time {
    pub(super) fn of(clock: Option<Arc<dyn Clock>>) -> Self {
        let watch = clock.clone().map_or_else(Watch::own, Watch::HandedIn);
        Self { watch, handed_in: clock.map(|clock| Shown { clock, latest_ms: AtomicU64::new(0) }) }
    }

    /// The time; `None` while the clock is behind what it has shown, as far as a store bears with that.
    pub(super) fn now(&self) -> Option<Moment> {
        let behind = self.handed_in.as_ref().is_some_and(Shown::is_behind);
        (!behind).then(|| self.watch.now())
    }
}

impl Shown {
    fn is_behind(&self) -> bool {
        let shown_ms = self.latest_ms.load(Ordering::SeqCst);
        let now_ms = self.clock.now_ms();
        if now_ms > shown_ms {
            self.latest_ms.fetch_max(now_ms, Ordering::SeqCst);
        }
        let borne_ms = now_ms.saturating_add(CLOCK_TOLERANCE_MS);
        if borne_ms < shown_ms {
            self.latest_ms.fetch_min(borne_ms, Ordering::SeqCst);
        }
        now_ms < shown_ms
    }
}
