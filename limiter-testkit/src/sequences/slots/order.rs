//! The order of leases that run out together.

use limiter_core::HeldLease;

/// The first to run out first; of those that run out together, any may be first.
pub(in crate::sequences) fn ordered(mut leases: Vec<HeldLease>) -> Vec<HeldLease> {
    if leases.is_sorted_by_key(|lease| lease.expires_ms) {
        leases.sort_by(|one, other| (one.expires_ms, &one.id).cmp(&(other.expires_ms, &other.id)));
    }
    leases
}
