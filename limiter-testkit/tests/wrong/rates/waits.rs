//! Faults about what is told of waits: `retry_after` and `reset_after`.

use std::fmt;

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{Algorithm, Charge, Decision, Limit, Outcome, RateLimiter, Result, Retry};
use limiter_testkit::Model;

use super::calls::{Calls, Told, calls, ms, retold};
use super::store::{Keeping, keeping};
use crate::judge::caught_by;

/// Tells something else of the outcomes of one algorithm: made of what is told, the window in milliseconds, and what
/// the least cost is told that doesn't fit.
pub(crate) struct Retells(Algorithm, fn(&mut Told, u64, &Outcome));

impl fmt::Debug for Retells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Retells({:?})", self.0)
    }
}

impl Retells {
    async fn retell(&self, right: &Model, charges: &[Charge<'_>], decision: Decision) -> Result<Decision> {
        let [charge] = charges else { return Ok(decision) };
        if charge.limit().algorithm() != self.0 {
            return Ok(decision);
        }
        let left = decision.outcomes()[0].remaining();
        let least = right.peek(&[charge.with_cost(left + 1)]).await?;
        let window_ms = charge.limit().window_ms();
        Ok(retold(&decision, |_, told| (self.1)(told, window_ms, &least.outcomes()[0])))
    }
}

#[async_trait]
impl Calls for Retells {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        self.retell(right, charges, right.hit(charges).await?).await
    }

    async fn peek(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        self.retell(right, charges, right.peek(charges).await?).await
    }
}

/// Makes another wait of one that is told.
fn wait(told: &mut Told, other_ms: impl FnOnce(u64) -> u64) {
    if let Some(Retry::After(wait)) = told.retry_after {
        told.retry_after = Some(Retry::After(std::time::Duration::from_millis(other_ms(ms(wait)))));
    }
}

/// The wait of an outcome in milliseconds.
fn wait_ms(outcome: &Outcome) -> Option<u64> {
    outcome.retry_after()?.after().map(ms)
}

/// Tells the wait of a fixed window in whole seconds, as a store's expiry has it.
pub(crate) fn in_whole_seconds() -> Retells {
    Retells(Algorithm::FixedWindow, |told, _, _| wait(told, |wait_ms| wait_ms / 1_000 * 1_000))
}

#[test]
fn a_fixed_window_waits_whole_seconds() {
    caught_by("rates::retry_after_of_a_fixed_window_is_exact", || calls(in_whole_seconds()));
}

#[test]
fn a_sliding_window_waits_until_all_has_left() {
    let until_reset = |told: &mut Told, window_ms, _: &Outcome| {
        let (reset_ms, left_ms) = (told.reset_ms, told.reset_ms.saturating_sub(window_ms));
        wait(told, |wait_ms| if left_ms > 0 && wait_ms > left_ms { reset_ms } else { wait_ms });
    };
    let fault = || Retells(Algorithm::SlidingWindow, until_reset);
    caught_by("rates::retry_after_of_a_sliding_window_is_exact", || calls(fault()));
}

/// Leaves out of the wait for the previous window that the current one counts too.
#[derive(Debug)]
struct TheCurrentWindowLeftOut;

impl Keeping for TheCurrentWindowLeftOut {
    fn held_to(&self, counter: &AnyCounter, charge: &Charge<'_>, _clock_ms: u64) -> Limit {
        match counter {
            AnyCounter::SlidingWindow(window) if window.previous > 0 && window.current > 0 => {
                let limit = charge.limit();
                Limit::sliding_window(limit.max() + window.current, limit.window()).unwrap()
            }
            _ => *charge.limit(),
        }
    }
}

#[test]
fn the_current_window_left_out() {
    caught_by("rates::retry_after_of_a_weighed_window_is_exact", || keeping(TheCurrentWindowLeftOut));
}

#[test]
fn a_log_waits_for_its_oldest_entry_whatever_the_cost() {
    let oldest =
        |told: &mut Told, _, least: &Outcome| wait(told, |right_ms| wait_ms(least).unwrap_or(right_ms));
    caught_by("rates::retry_after_of_a_log_is_exact", || calls(Retells(Algorithm::SlidingLog, oldest)));
}

#[test]
fn a_bucket_waits_for_one_token_whatever_the_cost() {
    let one = |told: &mut Told, _, least: &Outcome| wait(told, |right_ms| wait_ms(least).unwrap_or(right_ms));
    caught_by("rates::retry_after_of_a_bucket_is_exact", || calls(Retells(Algorithm::TokenBucket, one)));
}

#[test]
fn a_bucket_rounds_its_wait_down() {
    let down = |told: &mut Told, _, _: &Outcome| wait(told, |wait_ms| wait_ms - 1);
    caught_by("rates::retry_after_of_a_bucket_is_exact", || calls(Retells(Algorithm::TokenBucket, down)));
}

#[test]
fn a_fixed_window_resets_after_a_whole_one() {
    let whole = |told: &mut Told, window_ms, _: &Outcome| told.reset_ms = told.reset_ms.min(1) * window_ms;
    caught_by("rates::reset_after_of_a_fixed_window_is_exact", || {
        calls(Retells(Algorithm::FixedWindow, whole))
    });
}

#[test]
fn a_fixed_window_always_resets_when_it_turns() {
    let turn =
        |told: &mut Told, window_ms: u64, _: &Outcome| told.reset_ms = told.reset_ms.max(window_ms / 2);
    let fault = || Retells(Algorithm::FixedWindow, turn);
    let broken = caught_by("rates::reset_after_of_a_fixed_window_is_exact", || calls(fault()));
    assert_eq!(broken.wanted(), "reset after 0, for nothing is counted");
}

#[test]
fn a_sliding_window_resets_when_it_turns() {
    let turn = |told: &mut Told, window_ms, _: &Outcome| {
        if told.reset_ms > window_ms {
            told.reset_ms -= window_ms;
        }
    };
    let fault = || Retells(Algorithm::SlidingWindow, turn);
    caught_by("rates::reset_after_of_a_sliding_window_is_exact", || calls(fault()));
}

#[test]
fn a_sliding_window_always_resets_after_two() {
    let two = |told: &mut Told, window_ms, _: &Outcome| {
        if (1..=window_ms).contains(&told.reset_ms) {
            told.reset_ms += window_ms;
        }
    };
    let fault = || Retells(Algorithm::SlidingWindow, two);
    caught_by("rates::reset_after_of_a_weighed_window_is_exact", || calls(fault()));
}

#[test]
fn a_log_resets_when_its_oldest_entry_leaves() {
    let oldest = |told: &mut Told, _, least: &Outcome| {
        told.reset_ms = wait_ms(least).filter(|_| told.reset_ms > 0).unwrap_or(told.reset_ms);
    };
    caught_by("rates::reset_after_of_a_log_is_exact", || calls(Retells(Algorithm::SlidingLog, oldest)));
}

#[test]
fn a_bucket_resets_after_a_whole_window() {
    let whole = |told: &mut Told, window_ms, _: &Outcome| told.reset_ms = told.reset_ms.min(1) * window_ms;
    caught_by("rates::reset_after_of_a_bucket_is_exact", || calls(Retells(Algorithm::TokenBucket, whole)));
}
