//! Sequences in real time: each answer is one that the reference gives at some millisecond between two looks at the
//! store's clock, taken right before the call and right after.

mod plays;
mod quotas;
mod rates;
mod slots;
mod store_clock;
mod worlds;

use crate::suite::Running;
use crate::trial::Trial;

/// Hits, peeks, refunds and resets on windows that turn while they are made.
pub(super) fn rates(running: &Running<'_>) -> Result<(), String> {
    let rates = running.candidate().backend().rates.clone();
    plays::hold(running, |trial: &Trial| rates::RealRates::new(&rates, trial))
}

/// Acquires, renewals and releases of leases that run out while they are made.
pub(super) fn slots(running: &Running<'_>) -> Result<(), String> {
    let slots = running.candidate().backend().slots.clone();
    plays::hold(running, |trial: &Trial| slots::RealSlots::new(&slots, trial))
}

/// Records, reservations that run out, and settlements.
pub(super) fn quotas(running: &Running<'_>) -> Result<(), String> {
    let quotas = running.candidate().backend().quotas.clone();
    plays::hold(running, |trial: &Trial| quotas::RealQuotas::new(&quotas, trial))
}
