//! Judges rates by their definitions, from the list of what was charged.

use limiter_core::{Algorithm, CLOCK_TOLERANCE_MS, Charge, EXACT, Limit, Outcome, Retry};

/// Everything that was charged to one counter and not given back, as (effective time, amount). For a bucket the
/// amount is in 1/W tokens, and what is given back is a negative amount at the time when it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateOracle {
    charged: Vec<(u64, i128)>,
    written_ms: u64,
}

impl RateOracle {
    /// Whether a charge fits.
    pub(crate) fn allows(&self, charge: &Charge<'_>, clock_ms: u64) -> bool {
        let (now_ms, charged) = self.view(clock_ms);
        fits(charge.limit(), charged, now_ms, charge.cost())
    }

    /// Counts a charge that a call made, whether it fits or is a denied one that counts; tells when.
    pub(crate) fn charge(&mut self, charge: &Charge<'_>, clock_ms: u64) -> u64 {
        let (limit, now_ms) = (charge.limit(), self.settle_on(clock_ms));
        let cost = i128::from(charge.cost());
        let amount = match limit.algorithm() {
            Algorithm::FixedWindow => {
                cost.min(i128::from(EXACT) - in_window(&self.charged, limit, index(limit, now_ms)))
            }
            Algorithm::SlidingWindow => {
                let most = i128::from(EXACT / limit.window_ms());
                cost.min(most - in_window(&self.charged, limit, index(limit, now_ms)))
            }
            Algorithm::TokenBucket => {
                (cost * i128::from(limit.window_ms())).min(level(limit, &self.charged, now_ms))
            }
            _ => cost,
        };
        self.charged.push((now_ms, amount));
        now_ms
    }

    /// Gives back what was charged at a time.
    pub(crate) fn refund(&mut self, charge: &Charge<'_>, charged_at_ms: u64, clock_ms: u64) {
        let (limit, cost) = (charge.limit(), i128::from(charge.cost()));
        let (now_ms, charged) = self.view(clock_ms);
        let (at_ms, back) = match limit.algorithm() {
            Algorithm::SlidingLog => {
                let live = charged_at_ms + limit.window_ms() > now_ms;
                let there = charged.iter().filter(|(at_ms, _)| *at_ms == charged_at_ms);
                let there: i128 = there.map(|(_, amount)| amount).sum();
                (charged_at_ms, if live { cost.min(there) } else { 0 })
            }
            Algorithm::TokenBucket => {
                let window_ms = i128::from(limit.window_ms());
                let since_ms = i128::from(now_ms.saturating_sub(charged_at_ms));
                let kept =
                    cost.min(i128::from(limit.capacity())) * window_ms - since_ms * i128::from(limit.max());
                let room = i128::from(limit.capacity()) * window_ms - level(limit, charged, now_ms);
                (now_ms, kept.min(room))
            }
            algorithm => {
                let (then, now) = (index(limit, charged_at_ms), index(limit, now_ms));
                let reaches = u64::from(algorithm == Algorithm::SlidingWindow);
                let counts = then <= now && then + reaches >= now;
                let there = in_window(charged, limit, then);
                (charged_at_ms, if counts { cost.min(there) } else { 0 })
            }
        };
        if back > 0 {
            self.settle_on(clock_ms);
            self.charged.push((at_ms, -back));
        }
    }

    /// Checks all that an outcome tells of the counter after the call, against the definitions alone.
    pub(crate) fn confirm(
        &self,
        charge: &Charge<'_>,
        clock_ms: u64,
        outcome: &Outcome,
    ) -> Result<(), String> {
        let (limit, cost) = (charge.limit(), charge.cost());
        let (now_ms, charged) = self.view(clock_ms);
        let fits = |at_ms: u64, cost: u64| fits(limit, charged, at_ms, cost);
        let left = outcome.remaining();
        if fits(now_ms, left + 1) || (left > 0 && !fits(now_ms, left)) {
            return Err(format!("remaining {left} isn't what is left"));
        }
        let idle_at_ms = now_ms + ms(outcome.reset_after());
        let idle = |at_ms: u64| is_idle(limit, charged, at_ms);
        if !idle(idle_at_ms) || (idle_at_ms > now_ms && idle(idle_at_ms - 1)) {
            return Err(format!("it isn't reset exactly after {:?}", outcome.reset_after()));
        }
        let never = cost > limit.capacity() || limit.max() == 0;
        match outcome.retry_after() {
            None => Ok(()),
            Some(Retry::Never) if never => Ok(()),
            Some(Retry::After(wait)) if !never => {
                let at_ms = now_ms + ms(wait);
                let exact = at_ms > now_ms && fits(at_ms, cost) && !fits(at_ms - 1, cost);
                if exact { Ok(()) } else { Err(format!("{wait:?} isn't the least wait")) }
            }
            Some(retry) => Err(format!("{retry:?} where never is {never}")),
        }
    }

    /// The effective time, and what counts then: nothing that a wrong clock has written.
    fn view(&self, clock_ms: u64) -> (u64, &[(u64, i128)]) {
        if self.written_ms > clock_ms + CLOCK_TOLERANCE_MS {
            (clock_ms, &[])
        } else {
            (clock_ms.max(self.written_ms), &self.charged)
        }
    }

    /// The effective time of a call that changes it.
    fn settle_on(&mut self, clock_ms: u64) -> u64 {
        if self.written_ms > clock_ms + CLOCK_TOLERANCE_MS {
            *self = Self::default();
        }
        self.written_ms = clock_ms.max(self.written_ms);
        self.written_ms
    }
}

fn fits(limit: &Limit, charged: &[(u64, i128)], now_ms: u64, cost: u64) -> bool {
    let (max, cost) = (i128::from(limit.max()), i128::from(cost));
    let window_ms = i128::from(limit.window_ms());
    match limit.algorithm() {
        Algorithm::FixedWindow => in_window(charged, limit, index(limit, now_ms)) + cost <= max,
        Algorithm::SlidingWindow => {
            let (now, elapsed_ms) = (index(limit, now_ms), i128::from(now_ms % limit.window_ms()));
            let previous = now.checked_sub(1).map_or(0, |index| in_window(charged, limit, index));
            let weighted = previous * (window_ms - elapsed_ms);
            weighted + (in_window(charged, limit, now) + cost) * window_ms <= max * window_ms
        }
        Algorithm::SlidingLog => in_log(charged, limit, now_ms) + cost <= max,
        _ => cost * window_ms <= level(limit, charged, now_ms),
    }
}

fn is_idle(limit: &Limit, charged: &[(u64, i128)], now_ms: u64) -> bool {
    let now = index(limit, now_ms);
    match limit.algorithm() {
        Algorithm::FixedWindow => in_window(charged, limit, now) == 0,
        Algorithm::SlidingWindow => {
            let previous = now.checked_sub(1).map_or(0, |index| in_window(charged, limit, index));
            previous == 0 && in_window(charged, limit, now) == 0
        }
        Algorithm::SlidingLog => in_log(charged, limit, now_ms) == 0,
        _ => level(limit, charged, now_ms) == i128::from(limit.capacity() * limit.window_ms()),
    }
}

fn index(limit: &Limit, at_ms: u64) -> u64 {
    at_ms / limit.window_ms()
}

fn in_window(charged: &[(u64, i128)], limit: &Limit, window: u64) -> i128 {
    let inside = charged.iter().filter(|(at_ms, _)| index(limit, *at_ms) == window);
    inside.map(|(_, amount)| amount).sum()
}

fn in_log(charged: &[(u64, i128)], limit: &Limit, now_ms: u64) -> i128 {
    let live = charged.iter().filter(|(at_ms, _)| at_ms + limit.window_ms() > now_ms);
    live.map(|(_, amount)| amount).sum()
}

/// What a bucket holds, in 1/W tokens: over every interval up to now, no more was taken than a full bucket and
/// what flowed in since.
fn level(limit: &Limit, charged: &[(u64, i128)], now_ms: u64) -> i128 {
    let full = i128::from(limit.capacity()) * i128::from(limit.window_ms());
    let mut taken = 0;
    let left_of = charged.iter().rev().map(|(since_ms, amount)| {
        taken += amount;
        full + i128::from(now_ms - since_ms) * i128::from(limit.max()) - taken
    });
    left_of.fold(full, i128::min)
}

fn ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}
