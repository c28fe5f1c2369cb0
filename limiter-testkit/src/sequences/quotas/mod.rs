//! Sequences of checks, records, reservations and settlements.

mod call;
mod draw;
mod play;

use super::draw::Sequences;
use crate::suite::Running;
use draw::Calls;
use play::QuotasBeside;

/// Quotas of one key at a time, over the turns of all periods: every answer is the reference's.
pub(super) fn calls_on_one_key_are_answered_exactly(running: &Running<'_>) -> Result<(), String> {
    let promise = "calls on quotas of one key are answered exactly";
    Sequences { promise, inputs: 80, length: 1..=120, draw: Calls::on_one_key() }
        .hold::<QuotasBeside>(running)
}

/// Reservations and settlements over several keys: every answer is the reference's.
pub(super) fn calls_over_several_keys_are_answered_exactly(running: &Running<'_>) -> Result<(), String> {
    let promise = "calls on quotas of several keys are answered exactly";
    let draw = Calls::over_several_keys();
    Sequences { promise, inputs: 80, length: 1..=80, draw }.hold::<QuotasBeside>(running)
}
