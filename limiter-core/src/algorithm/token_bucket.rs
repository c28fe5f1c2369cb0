//! Tokens that flow in steadily, up to a burst.

use super::counter::Counter;
use crate::exact::{div_ceil, later_ms};
use crate::limit::Limit;

/// The state of a token bucket: its level in 1/W tokens, so that `max` of these flow in each millisecond and
/// nothing is rounded.
///
/// Source: J. Turner, "New directions in communications (or which way to the information age?)", IEEE
/// Communications Magazine 24(10), 1986; the meter form of RFC 2697.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenBucket {
    /// Level at `written_ms`, in 1/W tokens.
    pub level: u64,
    /// The effective time of the last change.
    pub written_ms: u64,
    /// From then on it is full, whatever limit later calls bring. 0 for a bucket that was never used.
    pub full_at_ms: u64,
}

impl Counter for TokenBucket {
    #[inline]
    fn written_ms(&self) -> u64 {
        self.written_ms
    }

    #[inline]
    fn roll(&mut self, limit: &Limit, now_ms: u64) {
        let full = full_level(limit);
        if now_ms >= self.full_at_ms {
            self.level = full;
            return;
        }
        // Multiplied in 128 bits: the product may pass 64, and then the bucket is full.
        let inflow = u128::from(now_ms - self.written_ms) * u128::from(limit.max());
        let level = u128::from(self.level) + inflow;
        self.level = u64::try_from(level).map_or(full, |level| level.min(full));
    }

    #[inline]
    fn room(&self, limit: &Limit, _now_ms: u64) -> i64 {
        (self.level / limit.window_ms()).cast_signed()
    }

    #[inline]
    fn charge(&mut self, limit: &Limit, now_ms: u64, cost: u64) {
        self.level =
            if cost <= limit.capacity() { self.level.saturating_sub(cost * limit.window_ms()) } else { 0 };
        self.set_written(limit, now_ms);
    }

    #[inline]
    fn reset_after_ms(&self, limit: &Limit, _now_ms: u64) -> u64 {
        div_ceil(full_level(limit) - self.level, limit.max())
    }

    #[inline]
    fn retry_after_ms(&self, limit: &Limit, _now_ms: u64, cost: u64) -> u64 {
        div_ceil((cost * limit.window_ms()).saturating_sub(self.level), limit.max())
    }

    fn refund(&mut self, limit: &Limit, now_ms: u64, cost: u64, charged_at_ms: u64) -> bool {
        let charged = cost.min(limit.capacity()) * limit.window_ms();
        let since_ms = now_ms.saturating_sub(charged_at_ms);
        let flowed_in = u128::from(since_ms) * u128::from(limit.max());
        let back = charged.saturating_sub(u64::try_from(flowed_in).unwrap_or(u64::MAX));
        let room = full_level(limit) - self.level;
        if back == 0 || room == 0 {
            return false;
        }
        self.level += back.min(room);
        self.set_written(limit, now_ms);
        true
    }
}

impl TokenBucket {
    #[inline]
    fn set_written(&mut self, limit: &Limit, now_ms: u64) {
        self.written_ms = now_ms;
        self.full_at_ms = later_ms(now_ms, self.reset_after_ms(limit, now_ms));
    }
}

#[inline]
const fn full_level(limit: &Limit) -> u64 {
    limit.capacity() * limit.window_ms()
}
