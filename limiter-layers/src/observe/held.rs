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
    /// One that has run out unreleased stays for another TTL, uncounted: its renewal may be answered late.
    counts: bool,
}

impl HeldLeases {
    /// A lease was granted; `false` when it was held already.
    pub(super) fn granted(&mut self, lease: &Lease, now: Instant) -> bool {
        let is_new = self.gone(lease.id()).is_none();
        self.put(Held { lease: lease.clone(), until: now + ttl(lease), counts: true });
        is_new
    }

    /// A lease was renewed; `true` when it had run out here before, and is held again. One that was released meanwhile
    /// isn't.
    pub(super) fn renewed(&mut self, id: &LeaseId, now: Instant) -> bool {
        let Some(held) = self.take(id) else { return false };
        self.put(Held { until: now + ttl(&held.lease), counts: true, lease: held.lease });
        !held.counts
    }

    /// A lease is held no longer. `None`: it wasn't.
    pub(super) fn gone(&mut self, id: &LeaseId) -> Option<Lease> {
        self.take(id).filter(|held| held.counts).map(|held| held.lease)
    }

    /// Takes out a lease that has run out unreleased.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Lease> {
        while let Some((_, id)) = self.by_end.first().filter(|(until, _)| *until <= now).cloned() {
            let held = self.take(&id).filter(|held| held.counts);
            if let Some(Held { lease, .. }) = held {
                self.put(Held { until: now + ttl(&lease), counts: false, lease: lease.clone() });
                return Some(lease);
            }
        }
        None
    }

    fn put(&mut self, held: Held) {
        let id = held.lease.id().clone();
        self.by_end.insert((held.until, id.clone()));
        self.by_id.insert(id, held);
    }

    fn take(&mut self, id: &LeaseId) -> Option<Held> {
        let (id, held) = self.by_id.remove_entry(id)?;
        self.by_end.remove(&(held.until, id));
        Some(held)
    }
}

fn ttl(lease: &Lease) -> Duration {
    Duration::from_millis(lease.ttl_ms())
}
