//! From when on a rate counter is as if never used.

use limiter_core::algorithm::{AnyCounter, Counter};

/// The time from which on a counter of a window is as if never used, and no step back of the clock that the
/// store bears with can reach its last change.
pub(crate) fn idle_at_ms(counter: &AnyCounter, window_ms: u64) -> u64 {
    match counter {
        AnyCounter::FixedWindow(window) if window.count > 0 => window.start_ms + window_ms,
        AnyCounter::FixedWindow(window) => window.written_ms,
        AnyCounter::SlidingWindow(window) if window.current > 0 => window.start_ms + 2 * window_ms,
        AnyCounter::SlidingWindow(window) if window.previous > 0 => window.start_ms + window_ms,
        AnyCounter::SlidingWindow(window) => window.written_ms,
        AnyCounter::SlidingLog(log) => {
            log.newest_ms().map_or(log.written_ms(), |newest_ms| newest_ms + window_ms)
        }
        AnyCounter::TokenBucket(bucket) => bucket.full_at_ms,
        _ => 0,
    }
}
