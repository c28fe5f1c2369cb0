//! A block of permits: what it is worth as time goes on.

use limiter_core::{Algorithm, Limit, Outcome};

use super::resets::Since;
use crate::moment::Moment;

/// Permits of one counter, charged in one call.
///
/// A block is worth what keeps the limit wherever its permits are used. In a window that is all of it, until the window
/// ends in which it was charged: who is admitted by it was counted there. In a bucket it is what hasn't flowed in since
/// it was charged: over any interval that begins later, the store may have admitted that much more.
#[derive(Debug)]
pub(super) struct Block {
    /// Charged in all.
    units: u64,
    rest: u64,
    used: u64,
    charged_at_ms: u64,
    /// Before the call was sent that charged it.
    asked: Moment,
    age_ms: u64,
    /// What the store told after the call.
    remaining: u64,
    reset_after_ms: u64,
    /// Before which it wasn't charged.
    since: Since,
}

/// What goes back to the store.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) units: u64,
    pub(super) charged_at_ms: u64,
    pub(super) since: Since,
}

impl Block {
    /// What a call has charged, as its outcome tells; `None` when it charged nothing.
    pub(super) fn new(units: u64, outcome: &Outcome, asked: Moment, since: Since) -> Option<Self> {
        let reset_after_ms = u64::try_from(outcome.reset_after().as_millis()).unwrap_or(u64::MAX);
        Some(Self {
            units,
            rest: units,
            used: 0,
            charged_at_ms: outcome.charged_at_ms()?,
            asked,
            age_ms: 0,
            remaining: outcome.remaining(),
            reset_after_ms,
            since,
        })
    }

    /// Permits for a hit that comes now.
    pub(super) fn take(&mut self, limit: &Limit, cost: u64, now: Moment) -> Option<Outcome> {
        (cost <= self.usable(limit, now)).then(|| self.hand_out(cost))
    }

    /// Permits for a hit that was there before the call was sent: it counts as of when they were charged.
    pub(super) fn serve(&mut self, cost: u64) -> Option<Outcome> {
        (cost <= self.rest).then(|| self.hand_out(cost))
    }

    /// How many units may be used now. What has gone doesn't come back.
    pub(super) fn usable(&mut self, limit: &Limit, now: Moment) -> u64 {
        self.age(now);
        match limit.algorithm() {
            Algorithm::TokenBucket => {
                self.rest = self.rest.min(self.units.saturating_sub(self.flown_in(limit)));
                self.rest
            }
            _ if self.age_ms < self.left_ms(limit) => self.rest,
            _ => 0,
        }
    }

    /// What it makes sense to give back now: of a window that still counts, of a bucket what hasn't flowed in.
    pub(super) fn returnable(&mut self, limit: &Limit, now: Moment) -> Option<Rest> {
        let usable = self.usable(limit, now);
        let units = match limit.algorithm() {
            Algorithm::TokenBucket if usable <= self.flown_in(limit) => 0,
            Algorithm::SlidingWindow if self.age_ms < self.left_ms(limit) + limit.window_ms() => self.rest,
            _ => usable,
        };
        (units > 0).then(|| Rest { units, charged_at_ms: self.charged_at_ms, since: self.since.clone() })
    }

    /// Whether the counter wasn't reset since.
    pub(super) fn counts(&self) -> bool {
        self.since.holds()
    }

    /// Whether it isn't used up.
    pub(super) const fn is_left(&self) -> bool {
        self.rest > 0
    }

    /// Units charged in all.
    pub(super) const fn units(&self) -> u64 {
        self.units
    }

    /// Units handed out, and in how many milliseconds.
    pub(super) fn used_within_ms(&mut self, now: Moment) -> (u64, u64) {
        self.age(now);
        (self.used, self.age_ms)
    }

    fn hand_out(&mut self, cost: u64) -> Outcome {
        self.rest -= cost;
        self.used += cost;
        let left = self.remaining.saturating_add(self.rest);
        let reset_after_ms = self.reset_after_ms.saturating_sub(self.age_ms);
        Outcome::fitting(0, left, reset_after_ms).charged_at(self.charged_at_ms)
    }

    fn age(&mut self, now: Moment) {
        self.age_ms = self.age_ms.max(now.age_ms(self.asked));
    }

    /// From the charge to the end of its window.
    fn left_ms(&self, limit: &Limit) -> u64 {
        limit.window_ms() - self.charged_at_ms % limit.window_ms()
    }

    /// What has flowed into a bucket since the charge, rounded up.
    fn flown_in(&self, limit: &Limit) -> u64 {
        let flown_in = u128::from(self.age_ms) * u128::from(limit.max());
        u64::try_from(flown_in.div_ceil(u128::from(limit.window_ms()))).unwrap_or(u64::MAX)
    }
}
