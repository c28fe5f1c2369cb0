//! Faults about what a denial does.

use async_trait::async_trait;
use limiter_core::{Charge, Decision, Key, Limit, ManualClock, RateLimiter, RateLimiterExt, Receipt, Result};
use limiter_testkit::Model;

use crate::judge::{caught_by, with_rates};

/// Charges what it denies, as far as it fits: the counter is full afterwards.
#[derive(Debug)]
struct DeniedHitsCharged(Model);

impl DeniedHitsCharged {
    fn new(clock: ManualClock) -> Self {
        Self(Model::new(clock))
    }
}

#[async_trait]
impl RateLimiter for DeniedHitsCharged {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = self.0.hit(charges).await?;
        if !decision.is_allowed() {
            for charge in charges {
                while self.0.hit_one(charge.key(), charge.limit()).await?.is_allowed() {}
            }
        }
        Ok(decision)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.0.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.0.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&self.0, key, limit).await
    }
}

#[test]
fn denied_hits_charged() {
    let broken = caught_by("rates::a_denied_hit_charges_nothing", || with_rates(DeniedHitsCharged::new));
    assert_eq!(broken.wanted(), "allowed");
}
