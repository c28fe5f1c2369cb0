//! A lease that is to be released when the store is back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Error, ErrorKind, Lease, LeaseId, Result, SlotLimiter};
use tokio::time::Instant;
use tracing::debug;

use super::errand::Errand;

/// A release that couldn't be sent. The TTL frees the lease in any case, so it waits no longer than that.
#[derive(Clone, Debug)]
pub(super) struct Release {
    lease: Arc<Lease>,
    freed_by: Instant,
}

impl Release {
    pub(super) fn new(lease: Lease) -> Self {
        let freed_by = Instant::now() + Duration::from_millis(lease.ttl_ms());
        Self { lease: Arc::new(lease), freed_by }
    }
}

#[async_trait]
impl Errand for Release {
    type Id = LeaseId;
    type Store = dyn SlotLimiter;

    const PART: &'static str = "slots";
    const IN_ONE_CALL: usize = 500;
    const CALLS: usize = 1;

    fn id(&self) -> &LeaseId {
        self.lease.id()
    }

    fn ends(&self) -> Option<Instant> {
        Some(self.freed_by)
    }

    /// However often a lease is released, it is released once.
    fn unanswered(&self, _sent: Instant) {}

    fn rest_of(&self, _other: &Self) -> Option<Self> {
        None
    }

    fn end_with(&self, _other: &Self) {}

    fn dropped(&self, why: &str) -> bool {
        let space = self.lease.keys().first().map_or("", |key| key.space());
        debug!(lease = %self.lease.id(), space, why, "a release isn't sent: the lease is left to its TTL");
        false
    }

    async fn send(errands: Vec<Self>, store: Arc<dyn SlotLimiter>) -> Result<()> {
        let leases: Vec<Lease> = errands.iter().map(|release| Lease::clone(&release.lease)).collect();
        let live = store.release(&leases).await?;
        if live.len() == leases.len() {
            return Ok(());
        }
        let message = format!("{} answers for {} leases", live.len(), leases.len());
        Err(Error::new(ErrorKind::Protocol, message).with_operation("release"))
    }
}
