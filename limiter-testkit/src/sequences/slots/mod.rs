//! Sequences of acquires, renewals and releases.

mod call;
mod draw;
mod order;
mod play;

use super::draw::Sequences;
use crate::suite::Running;
use draw::Calls;
pub(super) use order::ordered;
use play::SlotsBeside;

/// Leases in one scope each: every answer and all that is held after it are the reference's.
pub(super) fn leases_of_one_scope_are_answered_exactly(running: &Running<'_>) -> Result<(), String> {
    let promise = "leases of one scope are answered exactly";
    Sequences { promise, inputs: 60, length: 1..=80, draw: Calls { keys: 1 } }.hold::<SlotsBeside>(running)
}

/// Leases in several scopes at once: every answer and all that is held after it are the reference's.
pub(super) fn leases_of_several_scopes_are_answered_exactly(running: &Running<'_>) -> Result<(), String> {
    let promise = "leases of several scopes are answered exactly";
    let draw = Calls { keys: call::KEYS };
    Sequences { promise, inputs: 60, length: 1..=80, draw }.hold::<SlotsBeside>(running)
}
