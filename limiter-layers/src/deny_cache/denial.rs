//! One denial, and what it tells of later calls.

use std::time::Duration;

use limiter_core::{Algorithm, Charge, Limit, Outcome, Retry};

/// The last denial of a counter, in milliseconds of the cache's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Denial {
    limit: Limit,
    cost: u64,
    remaining: u64,
    /// Until when it is answered from here.
    ends_ms: u64,
    /// When it fits again, as it is told.
    fits_ms: u64,
    resets_ms: u64,
    lasts_ms: u64,
}

/// When a call was sent and when its answer came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) asked_ms: u64,
    pub(super) answered_ms: u64,
}

impl Denial {
    /// What is to be remembered of a charge that the store refused, if that is known to last.
    ///
    /// The store looked at its clock some time within the span. So the end is counted from the asking: nothing that
    /// fits is denied; and what is told from the answer: who waits as long finds that it fits. The end comes a
    /// millisecond and a thousandth sooner, since clocks don't tick together, and no two run alike.
    pub(super) fn of(charge: &Charge<'_>, outcome: &Outcome, span: Span) -> Option<Self> {
        let Some(Retry::After(wait)) = outcome.retry_after() else { return None };
        let wait_ms = u64::try_from(wait.as_millis()).ok()?;
        let resets_ms = u64::try_from(outcome.reset_after().as_millis()).ok()?;
        let lasts_ms = wait_ms.saturating_sub(1 + wait_ms / 1000);
        Some(Self {
            limit: *charge.limit(),
            cost: charge.cost(),
            remaining: outcome.remaining(),
            ends_ms: span.asked_ms.saturating_add(lasts_ms),
            fits_ms: span.answered_ms.saturating_add(wait_ms),
            resets_ms: span.answered_ms.saturating_add(resets_ms),
            lasts_ms,
        })
    }

    /// What it tells of a charge on its counter; `None`: the store knows.
    pub(super) fn outcome(&self, charge: &Charge<'_>, place: usize, now_ms: u64) -> Option<Outcome> {
        if now_ms >= self.ends_ms || self.limit != *charge.limit() || !self.tells_wait_of(charge) {
            return None;
        }
        let resets_ms = self.resets_ms.saturating_sub(now_ms);
        let wait_ms = self.fits_ms.saturating_sub(now_ms);
        Some(Outcome::refused(place, self.remaining, resets_ms, Some(wait_ms)))
    }

    /// How long it is answered from here.
    pub(super) const fn lasts(&self) -> Duration {
        Duration::from_millis(self.lasts_ms)
    }

    /// Whether it may be wrong once the store has made a charge on its counter: then this one may have to wait longer, or
    /// tokens flow in faster by another limit. A cost of 0 changes nothing.
    pub(super) const fn outlived_by(&self, charge: &Charge<'_>, now_ms: u64) -> bool {
        now_ms >= self.ends_ms || charge.cost() > 0
    }

    /// A higher cost doesn't fit either. But how long it has to wait is known of a fixed window alone: to its turn.
    fn tells_wait_of(&self, charge: &Charge<'_>) -> bool {
        let fixed = self.limit.algorithm() == Algorithm::FixedWindow;
        let higher = (self.cost..=self.limit.capacity()).contains(&charge.cost());
        charge.cost() == self.cost || fixed && higher
    }
}
