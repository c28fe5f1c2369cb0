//! Two counts, the older one weighted by how much of its window still lies in the span.

use super::counter::Counter;
use crate::exact::{EXACT, div_ceil};
use crate::limit::Limit;

/// The state of a sliding window: the current window's count and the previous one's.
///
/// `used = ceil(previous · left / W) + current`, where `left` is the time to the current window's end. The
/// rounding up makes the whole-number comparison the same as the exact one: nothing is let through by rounding.
/// Source: the weighted counter of Cloudflare, "How we built rate limiting capable of scaling to millions of
/// domains" (2017), made exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlidingWindow {
    /// The current window's first millisecond, `index · W`.
    pub start_ms: u64,
    /// Units counted in the window before, at most floor((2^53 − 1) / W).
    pub previous: u64,
    /// Units counted in the current window, at most floor((2^53 − 1) / W).
    pub current: u64,
    /// The effective time of the last change.
    pub written_ms: u64,
}

impl Counter for SlidingWindow {
    #[inline]
    fn written_ms(&self) -> u64 {
        self.written_ms
    }

    #[inline]
    fn roll(&mut self, limit: &Limit, now_ms: u64) {
        let window_ms = limit.window_ms();
        let since_start_ms = now_ms - self.start_ms;
        if since_start_ms < window_ms {
            return;
        }
        if since_start_ms < 2 * window_ms {
            self.start_ms += window_ms;
            self.previous = self.current;
        } else {
            self.start_ms = now_ms - now_ms % window_ms;
            self.previous = 0;
        }
        self.current = 0;
    }

    #[inline]
    fn room(&self, limit: &Limit, now_ms: u64) -> i64 {
        let weighted = match self.previous {
            0 => 0,
            previous => div_ceil(previous * self.left_ms(limit, now_ms), limit.window_ms()),
        };
        limit.max().cast_signed() - self.current.cast_signed() - weighted.cast_signed()
    }

    #[inline]
    fn charge(&mut self, limit: &Limit, now_ms: u64, cost: u64) {
        let charged = self.current.saturating_add(cost);
        // The most that keeps count · W exact. Only a denied hit that counts can pass it.
        self.current = if charged > limit.max() { charged.min(EXACT / limit.window_ms()) } else { charged };
        self.written_ms = now_ms;
    }

    #[inline]
    fn reset_after_ms(&self, limit: &Limit, now_ms: u64) -> u64 {
        let left_ms = self.left_ms(limit, now_ms);
        if self.current > 0 {
            left_ms + limit.window_ms()
        } else if self.previous > 0 {
            left_ms
        } else {
            0
        }
    }

    fn retry_after_ms(&self, limit: &Limit, now_ms: u64, cost: u64) -> u64 {
        let left_ms = self.left_ms(limit, now_ms);
        let window_ms = limit.window_ms();
        match limit.max().checked_sub(self.current).and_then(|room| room.checked_sub(cost)) {
            Some(spare) if self.previous > 0 => left_ms - spare * window_ms / self.previous,
            Some(_) => 0,
            None => left_ms + window_ms - (limit.max() - cost) * window_ms / self.current,
        }
    }

    fn refund(&mut self, limit: &Limit, now_ms: u64, cost: u64, charged_at_ms: u64) -> bool {
        let window_ms = limit.window_ms();
        let count = if charged_at_ms >= self.start_ms && charged_at_ms - self.start_ms < window_ms {
            &mut self.current
        } else if charged_at_ms < self.start_ms && self.start_ms - charged_at_ms <= window_ms {
            &mut self.previous
        } else {
            return false;
        };
        let back = cost.min(*count);
        *count -= back;
        if back > 0 {
            self.written_ms = now_ms;
        }
        back > 0
    }
}

impl SlidingWindow {
    #[inline]
    fn left_ms(&self, limit: &Limit, now_ms: u64) -> u64 {
        limit.window_ms() - (now_ms - self.start_ms)
    }
}
