//! Each time the store couldn't be asked is counted, and the log says so.

use std::sync::atomic::{AtomicU64, Ordering};

use limiter_core::Error;
use tokio::time::Instant;
use tracing::{debug, warn};

const BETWEEN_WARNINGS_MS: u64 = 1000;

/// The count of one part. Ten thousand calls that fail at once make one line in the log, not ten thousand.
#[derive(Debug)]
pub(super) struct Tally {
    part: &'static str,
    start: Instant,
    unsaid: AtomicU64,
    next_warning_ms: AtomicU64,
}

impl Tally {
    pub(super) fn new(part: &'static str) -> Self {
        let (unsaid, next_warning_ms) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { part, start: Instant::now(), unsaid, next_warning_ms }
    }

    /// A call failed for want of the store, and this was done about it.
    #[cold]
    pub(super) fn count(&self, done: &'static str, error: &Error) {
        let part = self.part;
        metrics::counter!("limiter_unavailable_total", "part" => part, "choice" => done).increment(1);
        debug!(part, choice = done, %error, "the store is unavailable");
        self.unsaid.fetch_add(1, Ordering::Relaxed);
        if self.may_warn() {
            let calls = self.unsaid.swap(0, Ordering::Relaxed);
            warn!(part, choice = done, calls, %error, "the store is unavailable");
        }
    }

    fn may_warn(&self) -> bool {
        let now_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next_ms = self.next_warning_ms.load(Ordering::Relaxed);
        let later_ms = now_ms.saturating_add(BETWEEN_WARNINGS_MS);
        now_ms >= next_ms
            && self
                .next_warning_ms
                .compare_exchange(next_ms, later_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}
