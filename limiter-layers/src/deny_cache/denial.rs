//! One denial, and what it tells of later calls.

use std::time::Duration;

use limiter_core::{Algorithm, Charge, Limit, Outcome, Retry};

use crate::moment::Moment;

/// The last denial of a counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Denial {
    limit: Limit,
    cost: u64,
    remaining: u64,
    span: Span,
    /// How long it is answered from here, from the asking on.
    lasts_ms: u64,
    /// When it fits again, from the answer on, and when the counter is as if never used.
    fits_ms: u64,
    resets_ms: u64,
}

/// When a call was sent and when its answer came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) asked: Moment,
    pub(super) answered: Moment,
}

impl Denial {
    /// What is to be remembered of a charge that the store refused, if that is known to last, and for how long at most.
    ///
    /// The store looked at its clock some time within the span. So the end is counted from the asking: nothing that
    /// fits is denied; and what is told from the answer: who waits as long finds that it fits. The end comes a
    /// millisecond and a thousandth sooner, since clocks don't tick together, and no two run alike.
    pub(super) fn of(charge: &Charge<'_>, outcome: &Outcome, span: Span, longest: Duration) -> Option<Self> {
        let Some(Retry::After(wait)) = outcome.retry_after() else { return None };
        let fits_ms = u64::try_from(wait.as_millis()).ok()?;
        let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Some(Self {
            limit: *charge.limit(),
            cost: charge.cost(),
            remaining: outcome.remaining(),
            span,
            lasts_ms: fits_ms.saturating_sub(1).min(longest_ms),
            fits_ms,
            resets_ms: u64::try_from(outcome.reset_after().as_millis()).ok()?,
        })
    }

    /// What it tells of a charge on its counter; `None`: the store knows.
    pub(super) fn outcome(&self, charge: &Charge<'_>, place: usize, now: Moment) -> Option<Outcome> {
        if self.has_ended(now) || self.limit != *charge.limit() || !self.tells_wait_of(charge) {
            return None;
        }
        let passed_ms = now.passed_ms(self.span.answered);
        let resets_ms = self.resets_ms.saturating_sub(passed_ms);
        let wait_ms = self.fits_ms.saturating_sub(passed_ms);
        Some(Outcome::refused(place, self.remaining, resets_ms, Some(wait_ms)))
    }

    /// How long it is answered from here.
    pub(super) const fn lasts(&self) -> Duration {
        Duration::from_millis(self.lasts_ms)
    }

    /// Whether it may be wrong once the store has made a charge on its counter: then this one may have to wait longer, or
    /// tokens flow in faster by another limit. A cost of 0 changes nothing.
    pub(super) fn outlived_by(&self, charge: &Charge<'_>, now: Moment) -> bool {
        self.has_ended(now) || charge.cost() > 0
    }

    fn has_ended(&self, now: Moment) -> bool {
        now.age_ms(self.span.asked) >= self.lasts_ms
    }

    /// A higher cost doesn't fit either. But how long it has to wait is known of a fixed window alone: to its turn.
    fn tells_wait_of(&self, charge: &Charge<'_>) -> bool {
        let fixed = self.limit.algorithm() == Algorithm::FixedWindow;
        let higher = (self.cost..=self.limit.capacity()).contains(&charge.cost());
        charge.cost() == self.cost || fixed && higher
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::Key;

    use super::*;

    #[test]
    fn the_time_for_which_a_machine_slept_counts() {
        let (key, limit) =
            (Key::all("chat").unwrap(), Limit::fixed_window(1, Duration::from_secs(3600)).unwrap());
        let (charge, denied) = (Charge::new(&key, &limit), Outcome::refused(0, 0, 60_000, Some(60_000)));
        let asked = Moment::shown(5, 5_000_000);
        let denial = Denial::of(&charge, &denied, Span { asked, answered: asked }, Duration::MAX).unwrap();
        let told =
            |steady_ms: u64, system_ms| denial.outcome(&charge, 0, Moment::shown(5 + steady_ms, system_ms));
        assert_eq!(told(30_000, 5_030_000), Some(Outcome::refused(0, 0, 30_000, Some(30_000))));
        assert_eq!(told(1, 5_060_000), None, "it slept for a minute");
        assert_eq!(told(60_000, 1), None, "its clock was set back");
        assert!(told(59_000, 1).is_some());
    }
}
