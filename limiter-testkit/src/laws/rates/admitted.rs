//! What may be admitted in all, whatever the callers do.

use std::iter::repeat;

use limiter_core::{Algorithm, CLOCK_TOLERANCE_MS, Charge, Decision, Limit, LimitSet, RateLimiter};

use super::hearing::Hearing;
use super::history::Hit;
use crate::broken::Kept;
use crate::trial::Trial;

/// Never more than `max` in a fixed window; never more than `max` in a sliding one, the previous window weighted by
/// how much of it still counts; never more than `max` in any window of a log; never more than the burst and what
/// flows in since over any interval of a bucket.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn never_beyond_the_limit(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    history: &[Hit],
) -> Kept {
    let promise = trial.promise("nobody is admitted beyond the limit");
    judge(&Hearing::of(rates, promise)?, limits, history).await
}

/// The same where the clock steps back by up to a minute: what was admitted before still counts.
///
/// It holds for backends in which only calls change a counter. Where permits are held and given back between calls, the
/// store has seen times that no call tells, and goes by them.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn a_step_back_of_the_clock_admits_nobody(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    history: &[Hit],
) -> Kept {
    let promise = trial.promise("a clock that steps back by up to a minute admits nobody beyond the limit");
    judge(&Hearing::of(rates, promise)?, limits, history).await
}

async fn judge(hearing: &Hearing<'_>, limits: &LimitSet, history: &[Hit]) -> Kept {
    let key = hearing.key()?;
    let mut admitted = vec![Admitted::default(); limits.len()];
    for hit in history {
        let clock_ms = hearing.set_ms(hit.at_ms);
        let charges: Vec<_> = limits.charges(&key).map(|charge| charge.with_cost(hit.cost)).collect();
        let decision = hearing.hit(&charges).await?;
        for (place, (charge, admitted)) in charges.iter().zip(&mut admitted).enumerate() {
            admitted.note(charge, clock_ms, &decision, place);
            if let Some(too_many) = admitted.beyond(charge.limit()) {
                return Err(hearing.broken("hit", &charges, &format!("denied: {too_many}"), &decision));
            }
        }
    }
    hearing.forget(limits, repeat(&key)).await;
    Ok(())
}

/// What was admitted by one limit: (effective time, cost), the latest last.
#[derive(Clone, Debug, Default)]
struct Admitted {
    hits: Vec<(u64, u64)>,
    written_ms: u64,
}

impl Admitted {
    fn note(&mut self, charge: &Charge<'_>, clock_ms: u64, decision: &Decision, place: usize) {
        let fits = decision.outcomes()[place].is_allowed();
        let counts = decision.is_allowed() || (charge.limit().counts_denied() && !fits);
        if charge.cost() == 0 || charge.limit().is_unlimited() || !counts {
            return;
        }
        if self.written_ms > clock_ms + CLOCK_TOLERANCE_MS {
            *self = Self::default();
        }
        self.written_ms = self.written_ms.max(clock_ms);
        if decision.is_allowed() {
            self.hits.push((self.written_ms, charge.cost()));
        }
    }

    /// What of the hits, the last of which was admitted now, the limit doesn't allow.
    fn beyond(&self, limit: &Limit) -> Option<String> {
        let (now_ms, _) = *self.hits.last()?;
        let (max, window_ms) = (limit.max(), limit.window_ms());
        let (now, wide) = (now_ms / window_ms, u128::from(window_ms));
        let in_window = |window: u64| self.sum(|at_ms| at_ms / window_ms == window);
        match limit.algorithm() {
            Algorithm::FixedWindow => {
                let units = in_window(now);
                (units > max.into())
                    .then(|| format!("{units} in the window that starts at {}", now * window_ms))
            }
            Algorithm::SlidingWindow => {
                let (previous, current) = (now.checked_sub(1).map_or(0, in_window), in_window(now));
                let left_ms = (now + 1) * window_ms - now_ms;
                let beyond = previous * u128::from(left_ms) + current * wide > u128::from(max) * wide;
                let weighted = format!("{previous} · {left_ms}/{window_ms} + {current} is more than {max}");
                beyond.then_some(weighted)
            }
            Algorithm::SlidingLog => {
                let units = self.sum(|at_ms| at_ms + window_ms > now_ms);
                (units > max.into()).then(|| format!("{units} in the {window_ms} ms that end now"))
            }
            _ => self.hits.iter().find_map(|(since_ms, _)| self.beyond_burst(limit, *since_ms, now_ms)),
        }
    }

    fn beyond_burst(&self, limit: &Limit, since_ms: u64, now_ms: u64) -> Option<String> {
        let (wide, units) = (u128::from(limit.window_ms()), self.sum(|at_ms| at_ms >= since_ms));
        let flown_in = u128::from(now_ms - since_ms) * u128::from(limit.max());
        let beyond = units * wide > u128::from(limit.capacity()) * wide + flown_in;
        let within_ms = now_ms - since_ms;
        beyond.then(|| format!("{units} within {within_ms} ms is more than the burst and what flows in"))
    }

    fn sum(&self, counts: impl Fn(u64) -> bool) -> u128 {
        self.hits.iter().filter(|(at_ms, _)| counts(*at_ms)).map(|(_, cost)| u128::from(*cost)).sum()
    }
}
