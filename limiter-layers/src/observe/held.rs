//! The leases that this process holds, as far as it has told the store.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use limiter_core::{Lease, LeaseId};
use tokio::time::Instant;

/// A book of leases, so that each leaves the gauge once, however it ends.
#[derive(Debug, Default)]
pub(super) struct HeldLeases {
    by_id: HashMap<LeaseId, Held>,
    by_end: BTreeSet<(Instant, LeaseId)>,
}

#[derive(Debug)]
struct Held {
    lease: Lease,
    until: Instant,
}

impl HeldLeases {
    /// A lease was granted or renewed; `false` when it was held already. One whose renewal was answered late has run
    /// out here before: it is held again.
    pub(super) fn held(&mut self, lease: &Lease, now: Instant) -> bool {
        let is_new = self.gone(lease.id()).is_none();
        let until = now + Duration::from_millis(lease.ttl_ms());
        self.by_end.insert((until, lease.id().clone()));
        self.by_id.insert(lease.id().clone(), Held { lease: lease.clone(), until });
        is_new
    }

    /// A lease is held no longer. `None`: it wasn't.
    pub(super) fn gone(&mut self, id: &LeaseId) -> Option<Lease> {
        let (id, held) = self.by_id.remove_entry(id)?;
        self.by_end.remove(&(held.until, id));
        Some(held.lease)
    }

    /// Takes out a lease that has run out unreleased.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Lease> {
        let (until, id) = self.by_end.first()?;
        if *until > now {
            return None;
        }
        let id = id.clone();
        self.gone(&id)
    }
}
