//! The laws as the suite stamps them: over quotas that are drawn too.

use limiter_core::{Quota, QuotaTracker};

use super::history::{Call, any_calls};
use super::{answers, sums};
use crate::broken::Kept;
use crate::laws::held::{held, keys};
use crate::suite::Running;
use crate::trial::Trial;

type Held = Result<(), String>;

pub(super) fn used_is_the_sum_of_what_was_recorded_and_settled(running: &Running<'_>) -> Held {
    law(running, 60, &sums::used_is_the_sum_of_what_was_recorded_and_settled)
}

pub(super) fn reserved_is_the_sum_of_what_is_held(running: &Running<'_>) -> Held {
    law(running, 60, &sums::reserved_is_the_sum_of_what_is_held)
}

pub(super) fn no_reserve_passes_the_cap(running: &Running<'_>) -> Held {
    law(running, 60, &sums::no_reserve_passes_the_cap)
}

pub(super) fn a_settle_counts_once(running: &Running<'_>) -> Held {
    law(running, 60, &sums::a_settle_counts_once)
}

pub(super) fn every_answer_is_what_the_definitions_say(running: &Running<'_>) -> Held {
    law(running, 150, &answers::every_answer_is_what_the_definitions_say)
}

pub(super) fn a_changed_quota_keeps_the_counts(running: &Running<'_>) -> Held {
    let tracker = &running.candidate().backend().quotas;
    held(running, 100, &any_calls(keys(running, 3), 1..50), &async |trial, (quotas, changed, calls)| {
        answers::a_changed_quota_keeps_the_counts(tracker, trial, quotas, changed, calls).await
    })
}

fn law(
    running: &Running<'_>,
    inputs: u32,
    law: &impl AsyncFn(&dyn QuotaTracker, &Trial, &[Quota], &[Call]) -> Kept,
) -> Held {
    let tracker = &running.candidate().backend().quotas;
    held(running, inputs, &any_calls(keys(running, 3), 1..50), &async |trial, (quotas, _, calls)| {
        law(tracker, trial, quotas, calls).await
    })
}
