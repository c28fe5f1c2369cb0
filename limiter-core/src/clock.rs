//! Where the time comes from.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::exact::EXACT;

/// A clock in milliseconds since the Unix epoch, at most 2^53 − 1.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now. It may step back; the counters guard themselves against that.
    fn now_ms(&self) -> u64;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now_ms(&self) -> u64 {
        (**self).now_ms()
    }
}

/// A clock that stands still until it is told otherwise: for tests and for replaying traces. Clones share
/// one time.
///
/// ```
/// use std::time::Duration;
/// use limiter_core::{Clock, ManualClock};
///
/// let clock = ManualClock::new(1_700_000_000_000);
/// clock.advance(Duration::from_millis(250));
/// assert_eq!(clock.now_ms(), 1_700_000_000_250);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows this time.
    pub fn new(now_ms: u64) -> Self {
        let clock = Self::default();
        clock.set_ms(now_ms);
        clock
    }

    /// Sets the time, forward or back. A time past 2^53 − 1 is taken as that.
    pub fn set_ms(&self, now_ms: u64) {
        self.0.store(now_ms.min(EXACT), Ordering::SeqCst);
    }

    /// Moves the time forward, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(EXACT);
        self.set_ms(self.now_ms().saturating_add(by_ms));
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
