//! Acquires that are on their way. They go on when their caller gives up; what the caller then
//! releases must not be granted after it.

use std::collections::HashMap;
use std::sync::Arc;

use limiter_core::{Lease, LeaseId};
use tokio::sync::watch;

/// Acquires on their way, how many for each id.
///
/// What their caller releases once it has given up must not be granted after that: whoever releases asks here first.
#[derive(Clone, Debug, Default)]
pub struct UnderWay(Arc<watch::Sender<HashMap<LeaseId, usize>>>);

/// That one is on its way, until this is dropped.
#[derive(Debug)]
pub struct Mark {
    under_way: UnderWay,
    id: LeaseId,
}

impl UnderWay {
    /// Marks an acquire as on its way.
    pub fn begin(&self, id: &LeaseId) -> Mark {
        self.0.send_modify(|ids| *ids.entry(id.clone()).or_default() += 1);
        Mark { under_way: self.clone(), id: id.clone() }
    }

    /// Whether one of these leases is being asked for.
    pub fn holds_any(&self, leases: &[Lease]) -> bool {
        any(&self.0.borrow(), leases)
    }

    /// Waits until none of these leases is being asked for.
    pub async fn until_none(&self, leases: &[Lease]) {
        // It ends with the last of the senders, of which this is one.
        self.0.subscribe().wait_for(|ids| !any(ids, leases)).await.ok();
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.under_way.0.send_modify(|ids| {
            let left = ids.get_mut(&self.id).map(|count| {
                *count -= 1;
                *count
            });
            if left == Some(0) {
                ids.remove(&self.id);
            }
        });
    }
}

fn any(ids: &HashMap<LeaseId, usize>, leases: &[Lease]) -> bool {
    !ids.is_empty() && leases.iter().any(|lease| ids.contains_key(lease.id()))
}
