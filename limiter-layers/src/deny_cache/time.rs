//! The cache's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use limiter_core::{CLOCK_TOLERANCE_MS, Clock};
use tokio::time::Instant;

/// By which the cache goes.
#[derive(Debug)]
pub(super) enum Time {
    /// The process's own, which never steps back.
    Since(Instant),
    /// One that was handed in, and the latest time that it has shown.
    By { clock: Arc<dyn Clock>, latest_ms: AtomicU64 },
}

impl Time {
    pub(super) fn of(clock: Option<Arc<dyn Clock>>) -> Self {
        match clock {
            Some(clock) => Self::By { clock, latest_ms: AtomicU64::new(0) },
            None => Self::Since(Instant::now()),
        }
    }

    /// The time; `None` while the clock is behind what it has shown, as far as a store bears with that.
    pub(super) fn now_ms(&self) -> Option<u64> {
        match self {
            Self::Since(start) => u64::try_from(start.elapsed().as_millis()).ok(),
            Self::By { clock, latest_ms } => {
                let shown_ms = latest_ms.load(Ordering::SeqCst);
                let now_ms = clock.now_ms();
                if now_ms > shown_ms {
                    latest_ms.fetch_max(now_ms, Ordering::SeqCst);
                }
                let borne_ms = now_ms.saturating_add(CLOCK_TOLERANCE_MS);
                if borne_ms < shown_ms {
                    latest_ms.fetch_min(borne_ms, Ordering::SeqCst);
                }
                (now_ms >= shown_ms).then_some(now_ms)
            }
        }
    }
}
