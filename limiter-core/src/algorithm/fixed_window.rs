//! A count that starts at zero in every window.

use super::counter::Counter;
use crate::exact::EXACT;
use crate::limit::Limit;

/// The state of a fixed window: one count, and the window it belongs to.
///
/// `index = floor(now / W)`; windows are aligned to the Unix epoch, so that every store and every process
/// agrees on where they turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FixedWindow {
    /// The window's first millisecond, `index · W`.
    pub start_ms: u64,
    /// Units counted in it, at most 2^53 − 1.
    pub count: u64,
    /// The effective time of the last change.
    pub written_ms: u64,
}

impl Counter for FixedWindow {
    #[inline]
    fn written_ms(&self) -> u64 {
        self.written_ms
    }

    #[inline]
    fn roll(&mut self, limit: &Limit, now_ms: u64) {
        let window_ms = limit.window_ms();
        if now_ms - self.start_ms >= window_ms {
            self.start_ms = now_ms - now_ms % window_ms;
            self.count = 0;
        }
    }

    #[inline]
    fn room(&self, limit: &Limit, _now_ms: u64) -> i64 {
        limit.max().cast_signed() - self.count.cast_signed()
    }

    #[inline]
    fn charge(&mut self, _limit: &Limit, now_ms: u64, cost: u64) {
        self.count = self.count.saturating_add(cost).min(EXACT);
        self.written_ms = now_ms;
    }

    #[inline]
    fn reset_after_ms(&self, limit: &Limit, now_ms: u64) -> u64 {
        if self.count > 0 { self.left_ms(limit, now_ms) } else { 0 }
    }

    #[inline]
    fn retry_after_ms(&self, limit: &Limit, now_ms: u64, _cost: u64) -> u64 {
        self.left_ms(limit, now_ms)
    }

    fn refund(&mut self, limit: &Limit, now_ms: u64, cost: u64, charged_at_ms: u64) -> bool {
        let back = cost.min(self.count);
        let current = charged_at_ms >= self.start_ms && charged_at_ms - self.start_ms < limit.window_ms();
        if !current || back == 0 {
            return false;
        }
        self.count -= back;
        self.written_ms = now_ms;
        true
    }
}

impl FixedWindow {
    #[inline]
    fn left_ms(&self, limit: &Limit, now_ms: u64) -> u64 {
        limit.window_ms() - (now_ms - self.start_ms)
    }
}
