//! The range in which every number is exact, on every store.

/// The largest number that is counted, 2^53 − 1: Lua and JSON carry whole numbers up to it unharmed.
pub const EXACT: u64 = (1 << 53) - 1;

/// The most charges, scopes or keys that one call may name.
pub const MAX_PER_CALL: usize = 64;

/// A counter whose last change is further ahead of the clock than this was written by a clock that was
/// wrong: it is taken as new. It is also how much longer than needed a store keeps an idle counter.
pub const CLOCK_TOLERANCE_MS: u64 = 60_000;

/// The effective time of a call on a counter: the clock, or the time of the counter's last change where
/// that is later. `None` when the counter was written by a wrong clock and is to be taken as new.
#[inline]
pub const fn effective_ms(clock_ms: u64, written_ms: u64) -> Option<u64> {
    if written_ms <= clock_ms {
        Some(clock_ms)
    } else if written_ms - clock_ms <= CLOCK_TOLERANCE_MS {
        Some(written_ms)
    } else {
        None
    }
}

/// `ceil(a / b)`, where `b` isn't 0.
pub(crate) const fn div_ceil(a: u64, b: u64) -> u64 {
    a.div_ceil(b)
}

/// A time to come, kept within the exact range.
pub(crate) const fn later_ms(now_ms: u64, by_ms: u64) -> u64 {
    let then = now_ms.saturating_add(by_ms);
    if then > EXACT { EXACT } else { then }
}
