//! Short concurrent histories, each of which some order must explain.

mod quotas;
mod rates;
mod rounds;
mod slots;

use crate::suite::Running;

/// Hits, peeks, refunds and resets at once: some order of them explains every answer.
pub(super) fn rates(running: &Running<'_>) -> Result<(), String> {
    let rates = running.candidate().backend().rates.clone();
    rounds::hold(running, |trial, draw| rates::Round::new(&rates, trial, draw))
}

/// Acquires, renewals and releases at once: some order of them explains every answer.
pub(super) fn slots(running: &Running<'_>) -> Result<(), String> {
    let slots = running.candidate().backend().slots.clone();
    rounds::hold(running, |trial, draw| slots::Round::new(&slots, trial, draw))
}

/// Records, reservations, settlements and checks at once: some order of them explains every answer.
pub(super) fn quotas(running: &Running<'_>) -> Result<(), String> {
    let quotas = running.candidate().backend().quotas.clone();
    rounds::hold(running, |trial, draw| quotas::Round::new(&quotas, trial, draw))
}
