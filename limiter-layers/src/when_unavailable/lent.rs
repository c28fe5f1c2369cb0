//! Leases that the store didn't grant: recognised by their ids, so that nothing about them must be remembered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use limiter_core::{Error, Lease, LeaseId, LeaseRequest, Result};
use tokio::time::Instant;

const FALLBACK: &str = "fallback-";
const UNCOUNTED: &str = "uncounted-";

/// Who granted a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grantor {
    Store,
    Fallback,
    Nobody,
}

impl Grantor {
    pub(super) fn of(id: &LeaseId) -> Self {
        if id.as_str().starts_with(FALLBACK) {
            Self::Fallback
        } else if id.as_str().starts_with(UNCOUNTED) {
            Self::Nobody
        } else {
            Self::Store
        }
    }

    /// The id under which it grants what was asked for under this one: the same each time, so that a repeated request
    /// finds its lease. `None`: it would be too long.
    pub(super) fn name(self, id: &LeaseId) -> Option<LeaseId> {
        match self {
            Self::Store => Some(id.clone()),
            Self::Fallback => LeaseId::parse(&format!("{FALLBACK}{id}")).ok(),
            Self::Nobody => LeaseId::parse(&format!("{UNCOUNTED}{id}")).ok(),
        }
    }
}

/// Refuses a request under an id that would be taken for one of ours.
pub(super) fn check(request: &LeaseRequest) -> Result<()> {
    if Grantor::of(request.id()) == Grantor::Store {
        return Ok(());
    }
    let accepted = "one that doesn't begin with `fallback-` or `uncounted-`";
    Err(Error::invalid("lease id", request.id(), accepted).with_operation("acquire"))
}

/// The lease that the fallback may have granted for the same request.
pub(super) fn twin(lease: &Lease) -> Option<Lease> {
    let id = Grantor::Fallback.name(lease.id())?;
    Lease::new(id, lease.keys(), Duration::from_millis(lease.ttl_ms())).ok()
}

/// Until when the fallback may hold leases: long after the last outage nobody needs to ask it.
#[derive(Debug)]
pub(super) struct LentUntil {
    start: Instant,
    /// Since `start`; 0: it never granted any.
    until_ms: AtomicU64,
}

impl LentUntil {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), until_ms: AtomicU64::new(0) }
    }

    /// The fallback is about to grant or renew a lease.
    pub(super) fn extend(&self, ttl_ms: u64) {
        let until_ms = self.now_ms().saturating_add(ttl_ms).saturating_add(1);
        self.until_ms.fetch_max(until_ms, Ordering::SeqCst);
    }

    pub(super) fn is_now(&self) -> bool {
        let until_ms = self.until_ms.load(Ordering::SeqCst);
        until_ms != 0 && self.now_ms() <= until_ms
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
