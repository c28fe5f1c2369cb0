//! Sequences of hits, peeks, refunds and resets.

mod call;
mod draw;
mod play;

use super::draw::Sequences;
use crate::suite::Running;
use draw::Calls;
use play::RatesBeside;

/// Charges of one key at a time on few counters, which meet again and again: every answer is the reference's.
pub(super) fn calls_on_few_counters_are_answered_exactly(running: &Running<'_>) -> Result<(), String> {
    let promise = "calls on few counters are answered exactly";
    Sequences { promise, inputs: 100, length: 1..=120, draw: Calls::of_few_counters() }
        .hold::<RatesBeside>(running)
}

/// Calls of any size and cost, invalid ones among them, each on one key: every answer is the reference's.
pub(super) fn calls_of_any_size_are_answered_exactly(running: &Running<'_>) -> Result<(), String> {
    let promise = "calls of any size are answered exactly";
    Sequences { promise, inputs: 100, length: 1..=80, draw: Calls::of_any_size() }
        .hold::<RatesBeside>(running)
}

/// The same over several keys in one call.
pub(super) fn calls_over_several_keys_are_answered_exactly(running: &Running<'_>) -> Result<(), String> {
    let promise = "calls over several keys are answered exactly";
    let draw = Calls::over_several_keys();
    Sequences { promise, inputs: 100, length: 1..=80, draw }.hold::<RatesBeside>(running)
}
