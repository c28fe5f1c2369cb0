//! How much time has passed, as far as this process can tell.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use limiter_core::Clock;
use tokio::time::Instant;

const NS_PER_MS: u64 = 1_000_000;
/// Two clocks that are slewed against each other differ by no more than one part in so many.
const DRIFT_PART: u64 = 1000;

/// What measures how long ago something was.
#[derive(Clone, Debug)]
pub(crate) enum Watch {
    /// The clocks of this machine.
    Own { since: Instant },
    /// A clock that was handed in.
    HandedIn(Arc<dyn Clock>),
}

/// A moment, for measuring how long ago it was.
///
/// It is read off two clocks: one that is never set, but stands still while the machine sleeps, and the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    steady_ns: u64,
    system_ns: u64,
}

impl Watch {
    pub(crate) fn own() -> Self {
        Self::Own { since: Instant::now() }
    }

    pub(crate) fn now(&self) -> Moment {
        match self {
            Self::Own { since } => {
                let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let ns = |nanos: u128| u64::try_from(nanos).unwrap_or(u64::MAX);
                Moment { steady_ns: ns(since.elapsed().as_nanos()), system_ns: ns(epoch.as_nanos()) }
            }
            Self::HandedIn(clock) => {
                let ns = clock.now_ms().saturating_mul(NS_PER_MS);
                Moment { steady_ns: ns, system_ns: ns }
            }
        }
    }
}

impl Moment {
    /// How long ago `earlier` was, in milliseconds, rounded up: no store's clock has gone on by more since a call that
    /// was sent after it was executed.
    pub(crate) fn age_ms(self, earlier: Self) -> u64 {
        let ns = self.passed_ns(earlier);
        ns.saturating_add(ns / DRIFT_PART).div_ceil(NS_PER_MS)
    }

    /// How many whole milliseconds have passed since `earlier`, as they were measured.
    pub(crate) fn passed_ms(self, earlier: Self) -> u64 {
        self.passed_ns(earlier) / NS_PER_MS
    }

    fn passed_ns(self, earlier: Self) -> u64 {
        let steady_ns = self.steady_ns.saturating_sub(earlier.steady_ns);
        steady_ns.max(self.system_ns.saturating_sub(earlier.system_ns))
    }

    /// What two clocks show.
    #[cfg(test)]
    pub(crate) const fn shown(steady_ms: u64, system_ms: u64) -> Self {
        Self { steady_ns: steady_ms * NS_PER_MS, system_ns: system_ms * NS_PER_MS }
    }
}
