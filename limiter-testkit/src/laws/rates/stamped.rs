//! The laws as the suite stamps them: over limits that are drawn too.

use limiter_core::{LimitSet, RateLimiter};
use proptest::strategy::Strategy;

use super::history::{Hit, any_calls, any_histories};
use super::{admitted, answers, remaining, waits};
use crate::broken::Kept;
use crate::laws::held::held;
use crate::suite::Running;
use crate::trial::Trial;

type Held = Result<(), String>;

pub(super) fn never_beyond_the_limit(running: &Running<'_>) -> Held {
    hits(running, 200, &any_histories(1..80, false), &admitted::never_beyond_the_limit)
}

pub(super) fn a_step_back_of_the_clock_admits_nobody(running: &Running<'_>) -> Held {
    hits(running, 200, &any_histories(1..80, true), &admitted::a_step_back_of_the_clock_admits_nobody)
}

pub(super) fn retry_after_is_exact(running: &Running<'_>) -> Held {
    hits(running, 200, &any_histories(1..50, false), &waits::retry_after_is_exact)
}

pub(super) fn remaining_never_grows_without_time(running: &Running<'_>) -> Held {
    hits(running, 200, &any_histories(1..50, false), &remaining::remaining_never_grows_without_time)
}

pub(super) fn all_or_nothing(running: &Running<'_>) -> Held {
    hits(running, 150, &any_histories(1..40, false), &remaining::all_or_nothing)
}

pub(super) fn all_or_nothing_over_several_keys(running: &Running<'_>) -> Held {
    hits(running, 150, &any_histories(1..40, false), &remaining::all_or_nothing_over_several_keys)
}

pub(super) fn every_answer_is_what_the_definitions_say(running: &Running<'_>) -> Held {
    let rates = &running.candidate().backend().rates;
    held(running, 300, &any_calls(1..60), &async |trial, (limits, _, calls)| {
        answers::every_answer_is_what_the_definitions_say(rates, trial, limits, calls).await
    })
}

pub(super) fn a_changed_limit_keeps_the_counts(running: &Running<'_>) -> Held {
    let rates = &running.candidate().backend().rates;
    held(running, 200, &any_calls(1..50), &async |trial, (limits, changed, calls)| {
        answers::a_changed_limit_keeps_the_counts(rates, trial, limits, changed, calls).await
    })
}

/// A law over hits.
fn hits(
    running: &Running<'_>,
    inputs: u32,
    strategy: &impl Strategy<Value = (LimitSet, Vec<Hit>)>,
    law: &impl AsyncFn(&dyn RateLimiter, &Trial, &LimitSet, &[Hit]) -> Kept,
) -> Held {
    let rates = &running.candidate().backend().rates;
    held(running, inputs, strategy, &async |trial, (limits, history)| {
        law(rates, trial, limits, history).await
    })
}
