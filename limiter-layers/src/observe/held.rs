//! The leases that this process holds, as far as it has told the store.

use std::collections::HashMap;
use std::time::Duration;

use limiter_core::{Lease, LeaseId};
use tokio::time::Instant;

/// A book of leases, so that each leaves the gauge once, however it ends.
#[derive(Debug, Default)]
pub(super) struct HeldLeases {
    by_id: HashMap<LeaseId, Held>,
    sweep_at: usize,
}

#[derive(Debug)]
struct Held {
    lease: Lease,
    until: Instant,
}

/// The fewest leases at which it is worth looking for those that nobody has released.
const SWEEP_FROM: usize = 64;

impl HeldLeases {
    /// A lease was granted; `false` when it was held already. Those that have run out unreleased are handed to
    /// `expired`: the book grows with what is held, not with what is forgotten.
    pub(super) fn granted(&mut self, lease: &Lease, now: Instant, expired: impl FnMut(Lease)) -> bool {
        if self.by_id.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.sweep(now, expired);
        }
        let held = Held { lease: lease.clone(), until: now + ttl(lease) };
        self.by_id.insert(lease.id().clone(), held).is_none()
    }

    /// A lease was renewed.
    pub(super) fn renewed(&mut self, id: &LeaseId, now: Instant) {
        if let Some(held) = self.by_id.get_mut(id) {
            held.until = now + ttl(&held.lease);
        }
    }

    /// A lease is held no longer. `None`: it wasn't.
    pub(super) fn gone(&mut self, id: &LeaseId) -> Option<Lease> {
        self.by_id.remove(id).map(|held| held.lease)
    }

    fn sweep(&mut self, now: Instant, expired: impl FnMut(Lease)) {
        let over = self.by_id.extract_if(|_, held| held.until <= now);
        over.map(|(_, held)| held.lease).for_each(expired);
        self.sweep_at = self.by_id.len() * 2;
    }
}

fn ttl(lease: &Lease) -> Duration {
    Duration::from_millis(lease.ttl_ms())
}
