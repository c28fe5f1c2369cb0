//! The laws as the suite stamps them: over caps that are drawn too.

use limiter_core::SlotLimiter;

use super::history::{Call, any_calls};
use super::{answers, caps, steps_back};
use crate::broken::Kept;
use crate::laws::held::{held, keys};
use crate::suite::Running;
use crate::trial::Trial;

type Held = Result<(), String>;

pub(super) fn never_more_than_the_cap_at_a_time(running: &Running<'_>) -> Held {
    law(running, 120, false, &caps::never_more_than_the_cap_at_a_time)
}

pub(super) fn every_answer_is_what_the_list_of_holders_says(running: &Running<'_>) -> Held {
    law(running, 120, false, &answers::every_answer_is_what_the_list_of_holders_says)
}

pub(super) fn a_step_back_of_the_clock_cuts_no_lease_short(running: &Running<'_>) -> Held {
    law(running, 120, true, &steps_back::a_step_back_of_the_clock_cuts_no_lease_short)
}

fn law(
    running: &Running<'_>,
    inputs: u32,
    back: bool,
    law: &impl AsyncFn(&dyn SlotLimiter, &Trial, &[Call]) -> Kept,
) -> Held {
    let slots = &running.candidate().backend().slots;
    let calls = any_calls(keys(running, 3), 1..60, back);
    held(running, inputs, &calls, &async |trial, calls| law(slots, trial, calls).await)
}
