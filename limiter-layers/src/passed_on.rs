//! Slots and quotas of a layer that is about rates alone.
#![deny(clippy::missing_trait_methods)]

/// Passes slots and quotas on to what a wrapper has as `inner`.
macro_rules! pass_on_slots_and_quotas {
    ($wrapper:ident) => {
        #[async_trait::async_trait]
        impl<L: limiter_core::SlotLimiter> limiter_core::SlotLimiter for $wrapper<L> {
            async fn acquire(
                &self,
                request: &limiter_core::LeaseRequest,
            ) -> limiter_core::Result<limiter_core::Acquisition> {
                self.inner.acquire(request).await
            }

            async fn renew(&self, leases: &[limiter_core::Lease]) -> limiter_core::Result<Vec<bool>> {
                self.inner.renew(leases).await
            }

            async fn release(&self, leases: &[limiter_core::Lease]) -> limiter_core::Result<Vec<bool>> {
                self.inner.release(leases).await
            }

            async fn in_use(&self, key: &limiter_core::Key) -> limiter_core::Result<u64> {
                self.inner.in_use(key).await
            }

            async fn leases(
                &self,
                key: &limiter_core::Key,
            ) -> limiter_core::Result<Vec<limiter_core::HeldLease>> {
                self.inner.leases(key).await
            }
        }

        #[async_trait::async_trait]
        impl<L: limiter_core::QuotaTracker> limiter_core::QuotaTracker for $wrapper<L> {
            async fn check(
                &self,
                key: &limiter_core::Key,
                quota: &limiter_core::Quota,
            ) -> limiter_core::Result<limiter_core::QuotaOutcome> {
                self.inner.check(key, quota).await
            }

            async fn record(
                &self,
                key: &limiter_core::Key,
                quota: &limiter_core::Quota,
                amount: u64,
            ) -> limiter_core::Result<limiter_core::QuotaOutcome> {
                self.inner.record(key, quota, amount).await
            }

            async fn reserve(
                &self,
                reservation: &limiter_core::Reservation,
            ) -> limiter_core::Result<limiter_core::Reserved> {
                self.inner.reserve(reservation).await
            }

            async fn settle(
                &self,
                settlement: &limiter_core::Settlement,
            ) -> limiter_core::Result<Vec<limiter_core::QuotaOutcome>> {
                self.inner.settle(settlement).await
            }

            async fn reset(
                &self,
                key: &limiter_core::Key,
                quota: &limiter_core::Quota,
            ) -> limiter_core::Result<()> {
                self.inner.reset(key, quota).await
            }
        }
    };
}

pub(crate) use pass_on_slots_and_quotas;
