//! A client that goes by counts that it has read before.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::{
    Charge, Clock, Decision, Key, Limit, ManualClock, Outcome, RateLimiter, Receipt, Result, Source,
};
use limiter_testkit::Model;

use super::two;
use crate::judge::{START_MS, caught_by};

/// Lets through, without asking, a key of which a look has shown that something is left.
#[derive(Debug)]
struct Stale {
    store: Arc<Model>,
    clock: ManualClock,
    roomy: Mutex<HashSet<Key>>,
}

#[async_trait]
impl RateLimiter for Stale {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let known = |charge: &Charge<'_>| self.roomy.lock().unwrap().remove(charge.key());
        if !charges.iter().all(known) {
            return self.store.hit(charges).await;
        }
        let let_through = |place| Outcome::fitting(place, 0, 0).charged_at(self.clock.now_ms());
        Ok(Decision::new(Source::Store, (0..charges.len()).map(let_through)))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = self.store.peek(charges).await?;
        if decision.is_allowed() {
            self.roomy.lock().unwrap().extend(charges.iter().map(|charge| charge.key().clone()));
        }
        Ok(decision)
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.store.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&*self.store, key, limit).await
    }
}

#[test]
fn a_hit_by_what_was_read_before() {
    caught_by("shared::a_hit_counts_for_every_client_at_once", || {
        two(|first, store| {
            let clock = ManualClock::new(START_MS);
            first.with_rates(Arc::new(Stale { store, clock, roomy: Mutex::default() }))
        })
    });
}
