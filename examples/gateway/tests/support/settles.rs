//! A quota tracker whose settles are slow, or fail at first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use limiter_factory::{
    Error, ErrorKind, Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Settlement,
};

#[derive(Debug)]
pub(crate) struct Settles {
    inner: Arc<dyn QuotaTracker>,
    delay: Duration,
    failures: AtomicU32,
}

impl Settles {
    /// Settles only after a time.
    pub(crate) fn slowly(inner: Arc<dyn QuotaTracker>, delay: Duration) -> Self {
        Self { inner, delay, failures: AtomicU32::new(0) }
    }

    /// Settles, but loses the first answers.
    pub(crate) fn after_failures(inner: Arc<dyn QuotaTracker>, failures: u32) -> Self {
        Self { inner, delay: Duration::ZERO, failures: AtomicU32::new(failures) }
    }

    fn fails(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }
}

#[async_trait]
impl QuotaTracker for Settles {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.inner.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.inner.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.inner.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        tokio::time::sleep(self.delay).await;
        let outcomes = self.inner.settle(settlement).await;
        if self.fails() {
            return Err(Error::new(ErrorKind::Timeout, "the answer was lost").possibly_charged());
        }
        outcomes
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.inner.reset(key, quota).await
    }
}
