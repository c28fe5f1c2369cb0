//! Faults of rates, and the laws that they break.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Algorithm, Charge, Clock, Decision, Key, Limit, LimitSet, ManualClock, Outcome, RateLimiter, Receipt,
    Result, Retry,
};
use limiter_testkit::Model;
use limiter_testkit::laws::rates::{self, calls, histories, histories_with_steps_back};

use crate::judge::broken_within;
use crate::wrong::{RateFault, Wrong};

fn limits(text: &str) -> LimitSet {
    text.parse().unwrap()
}

fn with<F>(fault: F) -> impl FnOnce(ManualClock) -> Wrong<F> {
    |clock| Wrong { model: Model::new(clock), fault }
}

/// Judges by another limit than it was given.
#[derive(Debug)]
struct Bent(fn(&Limit) -> Limit);

impl Bent {
    fn limits(&self, charges: &[Charge<'_>]) -> Vec<Limit> {
        charges.iter().map(|charge| (self.0)(charge.limit())).collect()
    }
}

#[async_trait]
impl RateFault for Bent {
    async fn hit(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        model.hit(&by(charges, &self.limits(charges))).await
    }

    async fn peek(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        model.peek(&by(charges, &self.limits(charges))).await
    }
}

fn by<'a>(charges: &[Charge<'a>], limits: &'a [Limit]) -> Vec<Charge<'a>> {
    let charge =
        |(charge, limit): (&Charge<'a>, &'a Limit)| Charge::new(charge.key(), limit).with_cost(charge.cost());
    charges.iter().zip(limits).map(charge).collect()
}

#[test]
fn one_too_many_in_a_window() {
    let more = |limit: &Limit| Limit::fixed_window(limit.max() + 1, limit.window()).unwrap();
    let by = limits("fixed 5/min");
    let why = broken_within(2, with(Bent(more)), &histories(&by, 1..60), async |wrong, trial, history| {
        rates::never_beyond_the_limit(wrong, trial, &by, history).await
    });
    assert!(why.contains("6 in the window that starts at 1699999980000"), "{why}");
}

#[test]
fn a_window_that_ends_a_millisecond_too_soon() {
    let shorter = |limit: &Limit| {
        Limit::sliding_log(limit.max(), limit.window().checked_sub(Duration::from_millis(1)).unwrap())
            .unwrap()
    };
    let by = limits("log 3/s");
    let why = broken_within(4, with(Bent(shorter)), &histories(&by, 1..60), async |wrong, trial, history| {
        rates::never_beyond_the_limit(wrong, trial, &by, history).await
    });
    assert!(why.contains("in the 1000 ms that end now"), "{why}");
}

#[test]
fn a_bucket_that_holds_more_than_its_burst() {
    let more = |limit: &Limit| {
        let bucket = Limit::token_bucket(limit.max(), limit.window()).unwrap();
        bucket.with_burst(limit.capacity() + 1).unwrap()
    };
    let by = limits("bucket 10/s burst 20");
    let why = broken_within(2, with(Bent(more)), &histories(&by, 1..60), async |wrong, trial, history| {
        rates::never_beyond_the_limit(wrong, trial, &by, history).await
    });
    assert!(why.contains("21 within 0 ms is more than the burst"), "{why}");
}

/// A sliding window that rounds the weighted count down.
#[derive(Debug, Default)]
struct RoundedDown(Mutex<HashMap<Key, (u64, u64, u64)>>);

#[async_trait]
impl RateFault for (RoundedDown, ManualClock) {
    async fn hit(&self, _: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let (charge, now_ms) = (charges[0], self.1.now_ms());
        let (window_ms, max) = (charge.limit().window_ms(), charge.limit().max());
        let (index, left_ms) = (now_ms / window_ms, window_ms - now_ms % window_ms);
        let mut counters = self.0.0.lock().unwrap();
        let (start, previous, current) = counters.get(charge.key()).copied().unwrap_or_default();
        let (previous, current) = match index - start {
            0 => (previous, current),
            1 => (current, 0),
            _ => (0, 0),
        };
        let used = previous * left_ms / window_ms + current;
        let outcome = if used + charge.cost() <= max {
            counters.insert(charge.key().clone(), (index, previous, current + charge.cost()));
            Outcome::fitting(0, max - used - charge.cost(), 0)
        } else {
            Outcome::refused(0, max.saturating_sub(used), 0, Some(1))
        };
        Ok(Decision::new(limiter_core::Source::Store, [outcome]))
    }
}

#[test]
fn a_weighted_count_that_is_rounded_down() {
    let by = limits("5/min");
    let make = |clock: ManualClock| Wrong {
        model: Model::new(clock.clone()),
        fault: (RoundedDown::default(), clock),
    };
    let why = broken_within(6, make, &histories(&by, 1..60), async |wrong, trial, history| {
        rates::never_beyond_the_limit(wrong, trial, &by, history).await
    });
    assert!(why.contains("is more than 5"), "{why}");
}

/// Tells of each outcome what a function makes of it.
fn told(decision: &Decision, tell: impl Fn(&Outcome) -> Outcome) -> Decision {
    Decision::new(decision.source(), decision.outcomes().iter().map(tell))
}

/// A denied outcome with another wait.
fn waiting(outcome: &Outcome, wait: impl Fn(u64) -> u64) -> Outcome {
    let (place, left) = (outcome.charge(), outcome.remaining());
    let reset_after_ms = u64::try_from(outcome.reset_after().as_millis()).unwrap();
    match outcome.retry_after() {
        Some(Retry::After(after)) => {
            let wait_ms = wait(u64::try_from(after.as_millis()).unwrap());
            Outcome::refused(place, left, reset_after_ms, Some(wait_ms))
        }
        _ => *outcome,
    }
}

/// Tells waits in whole seconds.
#[derive(Debug)]
struct WholeSeconds(fn(u64) -> u64);

#[async_trait]
impl RateFault for WholeSeconds {
    async fn hit(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        Ok(told(&model.hit(charges).await?, |outcome| waiting(outcome, self.0)))
    }
}

#[test]
fn a_wait_that_is_rounded() {
    let by = limits("bucket 7/s");
    for (round, seen) in [
        (WholeSeconds(|wait_ms| wait_ms / 1_000 * 1_000 + 1), "allowed, now that the wait"),
        (WholeSeconds(|wait_ms| wait_ms.next_multiple_of(1_000)), "denied, 1 ms before the wait"),
    ] {
        let why = broken_within(2, with(round), &histories(&by, 1..60), async |wrong, trial, history| {
            rates::retry_after_is_exact(wrong, trial, &by, history).await
        });
        assert!(why.contains(seen), "{why}");
    }
}

/// Tells of a denial that everything is left.
#[derive(Debug)]
struct AllLeftWhenDenied;

#[async_trait]
impl RateFault for AllLeftWhenDenied {
    async fn hit(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = model.hit(charges).await?;
        let tell = |outcome: &Outcome| {
            let capacity = charges[outcome.charge()].limit().capacity();
            if outcome.is_allowed() {
                *outcome
            } else {
                Outcome::refused(outcome.charge(), capacity, 0, Some(1))
            }
        };
        Ok(told(&decision, tell))
    }
}

#[test]
fn what_is_left_grows_with_a_denial() {
    let by = limits("5/min; 60/hour");
    broken_within(2, with(AllLeftWhenDenied), &histories(&by, 1..60), async |wrong, trial, history| {
        rates::remaining_never_grows_without_time(wrong, trial, &by, history).await
    });
}

/// Charges what fits of a call that is denied.
#[derive(Debug)]
pub(crate) struct InPart;

#[async_trait]
impl RateFault for InPart {
    async fn hit(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = model.hit(charges).await?;
        for outcome in decision.outcomes() {
            if outcome.is_allowed() && !decision.is_allowed() {
                let _ = model.hit(&[charges[outcome.charge()]]).await?;
            }
        }
        Ok(decision)
    }
}

#[test]
fn a_call_that_is_made_in_part() {
    let by = limits("5/min; 60/hour");
    broken_within(2, with(InPart), &histories(&by, 1..60), async |wrong, trial, history| {
        rates::all_or_nothing(wrong, trial, &by, history).await
    });
    broken_within(2, with(InPart), &histories(&by, 1..60), async |wrong, trial, history| {
        rates::all_or_nothing_over_several_keys(wrong, trial, &by, history).await
    });
}

/// Takes a counter as new as soon as the clock steps back.
#[derive(Debug)]
struct NewWhenBack {
    clock: ManualClock,
    latest_ms: Mutex<HashMap<Key, u64>>,
}

#[async_trait]
impl RateFault for NewWhenBack {
    async fn hit(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        for charge in charges {
            let now_ms = self.clock.now_ms();
            let latest_ms = self.latest_ms.lock().unwrap().insert(charge.key().clone(), now_ms);
            if latest_ms.is_some_and(|latest_ms| now_ms < latest_ms) {
                RateLimiter::reset(model, charge.key(), charge.limit()).await?;
            }
        }
        model.hit(charges).await
    }
}

#[test]
fn a_step_back_that_admits_again() {
    let by = limits("5/min");
    let make = |clock: ManualClock| Wrong {
        model: Model::new(clock.clone()),
        fault: NewWhenBack { clock, latest_ms: Mutex::default() },
    };
    broken_within(3, make, &histories_with_steps_back(&by, 1..60), async |wrong, trial, history| {
        rates::a_step_back_of_the_clock_admits_nobody(wrong, trial, &by, history).await
    });
}

/// Begins anew when a limit is changed.
#[derive(Debug, Default)]
struct NewWhenChanged(Mutex<HashMap<(Key, Algorithm, u64), Limit>>);

#[async_trait]
impl RateFault for NewWhenChanged {
    async fn hit(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        for charge in charges {
            let limit = *charge.limit();
            let counter = (charge.key().clone(), limit.algorithm(), limit.window_ms());
            let earlier = self.0.lock().unwrap().insert(counter, limit);
            if earlier.is_some_and(|earlier| earlier != limit) {
                RateLimiter::reset(model, charge.key(), &limit).await?;
            }
        }
        model.hit(charges).await
    }
}

#[test]
fn a_changed_limit_that_begins_anew() {
    let (by, changed) = (limits("5/min"), limits("9/min"));
    broken_within(3, with(NewWhenChanged::default()), &calls(&by, 1..60), async |wrong, trial, calls| {
        rates::a_changed_limit_keeps_the_counts(wrong, trial, &by, &changed, calls).await
    });
}

/// Gives back to a bucket as if no time had passed since the charge.
#[derive(Debug)]
struct WithoutDecay(ManualClock);

#[async_trait]
impl RateFault for WithoutDecay {
    async fn refund(&self, model: &Model, receipt: Receipt) -> Result<()> {
        let mut now = Receipt::new(receipt.source());
        for line in receipt.lines() {
            now.add(&line.charge(), self.0.now_ms())?;
        }
        model.refund(now).await
    }
}

#[test]
fn a_refund_that_ignores_what_has_flowed_in() {
    let by = limits("bucket 10/s burst 20");
    let make = |clock: ManualClock| Wrong { model: Model::new(clock.clone()), fault: WithoutDecay(clock) };
    broken_within(4, make, &calls(&by, 1..60), async |wrong, trial, calls| {
        rates::every_answer_is_what_the_definitions_say(wrong, trial, &by, calls).await
    });
}

/// Counts what a peek looks at.
#[derive(Debug)]
struct CountsPeeks;

#[async_trait]
impl RateFault for CountsPeeks {
    async fn peek(&self, model: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let seen = model.peek(charges).await?;
        let _ = model.hit(charges).await?;
        Ok(seen)
    }
}

#[test]
fn a_peek_that_counts() {
    let by = limits("5/min; 60/hour");
    broken_within(2, with(CountsPeeks), &calls(&by, 1..60), async |wrong, trial, calls| {
        rates::every_answer_is_what_the_definitions_say(wrong, trial, &by, calls).await
    });
}
