//! Rates that are observed.
#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use limiter_core::{Charge, Decision, Key, Limit, RateLimiter, Receipt, Result};

use super::observed::Observe;
use super::operation::Operation;
use super::what::{Bound, What};

#[async_trait]
impl<L: RateLimiter> RateLimiter for Observe<L> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let call = self.watch.begin(Operation::Hit, What::Charges(charges));
        let answer = call.run(self.inner.hit(charges)).await;
        answer.inspect(|decision| self.decided(charges, decision))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.watch.begin(Operation::Peek, What::Charges(charges)).run(self.inner.peek(charges)).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let call = self.watch.begin(Operation::Refund, What::Receipt(&receipt));
        call.run(self.inner.refund(receipt)).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        let what = What::Counter(key, Bound::Rate(*limit));
        self.watch.begin(Operation::ResetRate, what).run(self.inner.reset(key, limit)).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let call = || self.inner.hit_now(charges);
        let answer = self.watch.at_once(Operation::Hit, What::Charges(charges), call)?;
        Some(answer.inspect(|decision| self.decided(charges, decision)))
    }
}

impl<L> Observe<L> {
    fn decided(&self, charges: &[Charge<'_>], decision: &Decision) {
        if let Some(meters) = self.watch.meters() {
            meters.decided(charges, decision);
        }
    }
}
