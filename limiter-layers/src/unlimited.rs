//! Calls about what is unlimited, for which no store is needed.

use limiter_core::Charge;

/// Whether a store has to be asked to decide these. What is unlimited is answered without it, which tells nothing of it.
pub(crate) fn needs_store(charges: &[Charge<'_>]) -> bool {
    charges.iter().any(|charge| !charge.limit().is_unlimited())
}
