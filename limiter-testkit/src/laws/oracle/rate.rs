//! Judges rates by their definitions, from the list of what was charged.

use std::borrow::Cow;

use limiter_core::{Algorithm, CLOCK_TOLERANCE_MS, Charge, EXACT, Limit, Outcome, Retry};

use super::{first, ms};

/// Everything that was charged to one counter and not given back.
#[derive(Clone, Debug, Default)]
pub struct RateOracle {
    /// As (effective time, amount). For a bucket the amount is in 1/W tokens, and what is given back is a negative
    /// amount at the time when it was.
    charged: Vec<(u64, i128)>,
    written_ms: u64,
    /// By which limit it was last changed: that says how fast a bucket filled from then on.
    limit: Option<Limit>,
}

impl RateOracle {
    /// Whether a charge fits.
    pub fn allows(&self, charge: &Charge<'_>, clock_ms: u64) -> bool {
        let (now_ms, charged) = self.view(charge.limit(), clock_ms);
        fits(charge.limit(), &charged, now_ms, charge.cost())
    }

    /// Counts a charge above 0 that a call made, whether it fits or is a denied one that counts; tells when. No limit
    /// at all counts nothing.
    pub fn charge(&mut self, charge: &Charge<'_>, clock_ms: u64) -> Option<u64> {
        let (limit, cost) = (charge.limit(), i128::from(charge.cost()));
        if limit.is_unlimited() {
            return None;
        }
        let now_ms = self.write(limit, clock_ms);
        let in_window = in_window(&self.charged, limit, index(limit, now_ms));
        let amount = match limit.algorithm() {
            Algorithm::FixedWindow => cost.min(i128::from(EXACT) - in_window),
            Algorithm::SlidingWindow => cost.min(i128::from(EXACT / limit.window_ms()) - in_window),
            Algorithm::TokenBucket => {
                (cost * i128::from(limit.window_ms())).min(level(limit, &self.charged, now_ms))
            }
            _ => cost,
        };
        self.charged.push((now_ms, amount));
        Some(now_ms)
    }

    /// Gives back what was charged at a time.
    pub fn refund(&mut self, charge: &Charge<'_>, charged_at_ms: u64, clock_ms: u64) {
        if charge.limit().is_unlimited() {
            return;
        }
        let (now_ms, charged) = self.view(charge.limit(), clock_ms);
        let (at_ms, back) = given_back(charge, &charged, charged_at_ms, now_ms);
        if back > 0 {
            self.write(charge.limit(), clock_ms);
            self.charged.push((at_ms, -back));
        }
    }

    /// Checks all that an outcome tells of the counter after the call. Whether the charge fit, and when it was
    /// charged, is told by [`allows`](Self::allows) and [`charge`](Self::charge).
    ///
    /// # Errors
    /// What it should have told instead.
    pub fn confirm(&self, charge: &Charge<'_>, clock_ms: u64, outcome: &Outcome) -> Result<(), String> {
        let (limit, cost) = (charge.limit(), charge.cost());
        let (now_ms, charged) = self.view(limit, clock_ms);
        let fits = |at_ms: u64, cost: u64| fits(limit, &charged, at_ms, cost);
        let idle = |at_ms: u64| is_idle(limit, &charged, at_ms);
        let left = outcome.remaining();
        if left < EXACT && fits(now_ms, left + 1) || (left > 0 && !fits(now_ms, left)) {
            return Err(format!("{} remaining", first(0, EXACT, |left| !fits(now_ms, left + 1))));
        }
        if !is_least(ms(outcome.reset_after()), now_ms, idle) {
            return Err(format!("reset after {} ms", first(0, EXACT, |wait_ms| idle(now_ms + wait_ms))));
        }
        let never = cost > limit.capacity() || limit.max() == 0;
        match outcome.retry_after() {
            None => Ok(()),
            Some(Retry::Never) if never => Ok(()),
            Some(Retry::After(wait)) if !never && is_least(ms(wait), now_ms, |at_ms| fits(at_ms, cost)) => {
                Ok(())
            }
            Some(_) if never => Err("that it never fits".to_owned()),
            Some(_) => {
                Err(format!("retry after {} ms", first(0, EXACT, |wait_ms| fits(now_ms + wait_ms, cost))))
            }
        }
    }

    /// The effective time, and what counts then: nothing that a wrong clock has written.
    fn view(&self, limit: &Limit, clock_ms: u64) -> (u64, Cow<'_, [(u64, i128)]>) {
        if self.written_ms > clock_ms + CLOCK_TOLERANCE_MS {
            return (clock_ms, Cow::Borrowed(&[]));
        }
        let now_ms = clock_ms.max(self.written_ms);
        match &self.limit {
            Some(earlier) if limit.algorithm() == Algorithm::TokenBucket && changed(earlier, limit) => {
                (now_ms, Cow::Owned(vec![(now_ms, self.missing(earlier, limit, now_ms))]))
            }
            _ => (now_ms, Cow::Borrowed(&self.charged)),
        }
    }

    /// What a bucket lacks whose limit was changed since it was last written. It is full when the earlier limit has
    /// filled it; otherwise what it held then is there, and what has flowed in since by the new one.
    fn missing(&self, earlier: &Limit, limit: &Limit, now_ms: u64) -> i128 {
        let held = level(earlier, &self.charged, self.written_ms);
        let by = |limit: &Limit| held + i128::from(now_ms - self.written_ms) * i128::from(limit.max());
        if by(earlier) >= full(earlier) { 0 } else { (full(limit) - by(limit)).max(0) }
    }

    /// The effective time of a call that changes it.
    fn write(&mut self, limit: &Limit, clock_ms: u64) -> u64 {
        let (now_ms, charged) = self.view(limit, clock_ms);
        *self = Self { charged: charged.into_owned(), written_ms: now_ms, limit: Some(*limit) };
        now_ms
    }
}

/// Whether a wait is the least after which it is so.
fn is_least(wait_ms: u64, now_ms: u64, so: impl Fn(u64) -> bool) -> bool {
    let at_ms = now_ms.saturating_add(wait_ms);
    so(at_ms) && (wait_ms == 0 || !so(at_ms - 1))
}

/// At what time how much of a charge is given back.
fn given_back(charge: &Charge<'_>, charged: &[(u64, i128)], charged_at_ms: u64, now_ms: u64) -> (u64, i128) {
    let (limit, cost) = (charge.limit(), i128::from(charge.cost()));
    match limit.algorithm() {
        Algorithm::SlidingLog => {
            let live = charged_at_ms + limit.window_ms() > now_ms;
            let there = charged.iter().filter(|(at_ms, _)| *at_ms == charged_at_ms);
            let there: i128 = there.map(|(_, amount)| amount).sum();
            (charged_at_ms, if live { cost.min(there) } else { 0 })
        }
        Algorithm::TokenBucket => {
            let since_ms = i128::from(now_ms.saturating_sub(charged_at_ms));
            let cost = cost.min(i128::from(limit.capacity())) * i128::from(limit.window_ms());
            let kept = cost - since_ms * i128::from(limit.max());
            (now_ms, kept.min(full(limit) - level(limit, charged, now_ms)))
        }
        algorithm => {
            let (then, now) = (index(limit, charged_at_ms), index(limit, now_ms));
            let reaches = u64::from(algorithm == Algorithm::SlidingWindow);
            let counts = then <= now && then + reaches >= now;
            let there = in_window(charged, limit, then);
            (charged_at_ms, if counts { cost.min(there) } else { 0 })
        }
    }
}

fn fits(limit: &Limit, charged: &[(u64, i128)], now_ms: u64, cost: u64) -> bool {
    let (max, cost) = (i128::from(limit.max()), i128::from(cost));
    let window_ms = i128::from(limit.window_ms());
    match limit.algorithm() {
        Algorithm::Unlimited => true,
        Algorithm::FixedWindow => in_window(charged, limit, index(limit, now_ms)) + cost <= max,
        Algorithm::SlidingWindow => {
            let left_ms = window_ms - i128::from(now_ms % limit.window_ms());
            let now = in_window(charged, limit, index(limit, now_ms));
            in_previous(charged, limit, now_ms) * left_ms + (now + cost) * window_ms <= max * window_ms
        }
        Algorithm::SlidingLog => in_log(charged, limit, now_ms) + cost <= max,
        _ => cost * window_ms <= level(limit, charged, now_ms),
    }
}

fn is_idle(limit: &Limit, charged: &[(u64, i128)], now_ms: u64) -> bool {
    let in_current = || in_window(charged, limit, index(limit, now_ms));
    match limit.algorithm() {
        Algorithm::Unlimited => true,
        Algorithm::FixedWindow => in_current() == 0,
        Algorithm::SlidingWindow => in_previous(charged, limit, now_ms) == 0 && in_current() == 0,
        Algorithm::SlidingLog => in_log(charged, limit, now_ms) == 0,
        _ => level(limit, charged, now_ms) == full(limit),
    }
}

fn index(limit: &Limit, at_ms: u64) -> u64 {
    at_ms / limit.window_ms()
}

fn in_window(charged: &[(u64, i128)], limit: &Limit, window: u64) -> i128 {
    let inside = charged.iter().filter(|(at_ms, _)| index(limit, *at_ms) == window);
    inside.map(|(_, amount)| amount).sum()
}

fn in_previous(charged: &[(u64, i128)], limit: &Limit, now_ms: u64) -> i128 {
    index(limit, now_ms).checked_sub(1).map_or(0, |window| in_window(charged, limit, window))
}

fn in_log(charged: &[(u64, i128)], limit: &Limit, now_ms: u64) -> i128 {
    let live = charged.iter().filter(|(at_ms, _)| at_ms + limit.window_ms() > now_ms);
    live.map(|(_, amount)| amount).sum()
}

/// A full bucket, in 1/W tokens.
fn full(limit: &Limit) -> i128 {
    i128::from(limit.capacity()) * i128::from(limit.window_ms())
}

fn changed(earlier: &Limit, later: &Limit) -> bool {
    (earlier.max(), earlier.capacity()) != (later.max(), later.capacity())
}

/// What a bucket holds, in 1/W tokens: over every interval up to now, no more was taken than a full bucket and
/// what flowed in since.
fn level(limit: &Limit, charged: &[(u64, i128)], now_ms: u64) -> i128 {
    let mut taken = 0;
    let left_of = charged.iter().rev().map(|(since_ms, amount)| {
        taken += amount;
        full(limit) + i128::from(now_ms - since_ms) * i128::from(limit.max()) - taken
    });
    left_of.fold(full(limit), i128::min)
}
