//! Quotas of which something is lost at a restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::{Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Settlement};
use limiter_testkit::Model;

use super::restarted_as;
use crate::judge::caught_by;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// What was used stands in memory alone.
    Used,
    /// Reservations do.
    Reservations,
    /// The ids of what was settled do.
    SettledIds,
}

/// The store after a restart.
#[derive(Debug)]
struct Forgetful {
    model: Arc<Model>,
    lost: Lost,
    /// What was used of each key before the restart.
    used_before: Mutex<HashMap<Key, u64>>,
}

impl Forgetful {
    async fn seen(&self, key: &Key, quota: &Quota, outcome: QuotaOutcome) -> Result<QuotaOutcome> {
        let before = self.model.check(key, quota).await?.used;
        let before = *self.used_before.lock().unwrap().entry(key.clone()).or_insert(before);
        Ok(match self.lost {
            Lost::Used => QuotaOutcome { used: outcome.used - before, ..outcome },
            Lost::Reservations => QuotaOutcome { reserved: 0, ..outcome },
            Lost::SettledIds => outcome,
        })
    }
}

#[async_trait]
impl QuotaTracker for Forgetful {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.seen(key, quota, self.model.check(key, quota).await?).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.seen(key, quota, self.model.record(key, quota, amount).await?).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.model.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let mut outcomes = self.model.settle(settlement).await?;
        for (outcome, charge) in outcomes.iter_mut().zip(settlement.charges()) {
            let (key, quota, amount) = (charge.key(), charge.quota(), charge.amount());
            *outcome = match self.lost {
                Lost::SettledIds => self.model.record(key, quota, amount).await?,
                _ => self.seen(key, quota, *outcome).await?,
            };
        }
        Ok(outcomes)
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        QuotaTracker::reset(&*self.model, key, quota).await
    }
}

#[track_caller]
fn caught(lost: Lost, case: &str) {
    caught_by(case, || {
        restarted_as(move |before, model, _| {
            before.with_quotas(Arc::new(Forgetful { model, lost, used_before: Mutex::default() }))
        })
    });
}

#[test]
fn what_was_used_forgotten() {
    caught(Lost::Used, "durable::a_restart_keeps_what_was_used");
}

#[test]
fn reservations_forgotten() {
    caught(Lost::Reservations, "durable::a_restart_keeps_reservations");
}

#[test]
fn settled_ids_forgotten() {
    caught(Lost::SettledIds, "durable::a_restart_keeps_settled_ids");
}
