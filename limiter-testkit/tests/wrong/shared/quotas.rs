//! A client that goes by what it has read before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::{Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Settlement};
use limiter_testkit::Model;

use super::two;
use crate::judge::caught_by;

/// Answers a check as the one before.
#[derive(Debug)]
struct Stale {
    store: Arc<Model>,
    read: Mutex<HashMap<Key, QuotaOutcome>>,
}

#[async_trait]
impl QuotaTracker for Stale {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let now = self.store.check(key, quota).await?;
        Ok(*self.read.lock().unwrap().entry(key.clone()).or_insert(now))
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.store.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.store.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.store.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        QuotaTracker::reset(&*self.store, key, quota).await
    }
}

#[test]
fn a_check_by_what_was_read_before() {
    caught_by("shared::what_one_client_uses_counts_for_every_client_at_once", || {
        two(|first, store| first.with_quotas(Arc::new(Stale { store, read: Mutex::default() })))
    });
}
