//! Quotas over a store that compares and swaps.

use async_trait::async_trait;

use super::backend::CasBackend;
use super::name::Part;
use super::state::QuotaCounters;
use super::store::CasStore;
use crate::algorithm::{self, QuotaCounter};
use crate::charge::check_amount;
use crate::error::Result;
use crate::key::Key;
use crate::quota::Quota;
use crate::reservation::{QuotaCharge, QuotaOutcome, Reservation, Reserved, Settlement};
use crate::tracker::QuotaTracker;

#[async_trait]
impl<S: CasStore> QuotaTracker for CasBackend<S> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let check = |counter: &mut QuotaCounter, clock_ms| counter.check(quota, clock_ms);
        self.on_one("check", key, quota, check).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        check_amount("amount", amount).map_err(|error| error.with_operation("record"))?;
        let record = |counter: &mut QuotaCounter, clock_ms| counter.record(quota, amount, clock_ms);
        self.on_one("record", key, quota, record).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let reserve =
            |counters: &mut [QuotaCounter], clock_ms| algorithm::reserve(counters, reservation, clock_ms);
        self.on_all("reserve", reservation.charges(), reserve).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let settle =
            |counters: &mut [QuotaCounter], clock_ms| Ok(algorithm::settle(counters, settlement, clock_ms));
        self.on_all("settle", settlement.charges(), settle).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.decide("reset", Part::Quotas, &[key], |states: &mut [QuotaCounters], _| {
            states[0].remove(quota);
            Ok(())
        })
        .await
    }
}

impl<S: CasStore> CasBackend<S> {
    /// Decides on one counter.
    async fn on_one(
        &self,
        operation: &'static str,
        key: &Key,
        quota: &Quota,
        decide: impl Fn(&mut QuotaCounter, u64) -> QuotaOutcome + Send + Sync,
    ) -> Result<QuotaOutcome> {
        let charge = QuotaCharge::new(key.clone(), *quota, 0);
        let decide = |counters: &mut [QuotaCounter], clock_ms| Ok(decide(&mut counters[0], clock_ms));
        self.on_all(operation, std::slice::from_ref(&charge), decide).await
    }

    /// Decides on the counters of some charges together.
    async fn on_all<T>(
        &self,
        operation: &'static str,
        charges: &[QuotaCharge],
        decide: impl Fn(&mut [QuotaCounter], u64) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let keys = distinct(charges);
        self.check_keys(operation, keys.len())?;
        let decide = |states: &mut [QuotaCounters], clock_ms| {
            let place = |charge: &QuotaCharge| keys.iter().position(|key| *key == charge.key()).unwrap_or(0);
            let mut counters: Vec<_> =
                charges.iter().map(|charge| states[place(charge)].counter(charge.quota())).collect();
            let answer = decide(&mut counters, clock_ms)?;
            for (charge, counter) in charges.iter().zip(counters) {
                states[place(charge)].put(charge.quota(), counter);
            }
            Ok(answer)
        };
        self.decide(operation, Part::Quotas, &keys, decide).await
    }
}

/// The keys of charges, each once.
fn distinct(charges: &[QuotaCharge]) -> Vec<&Key> {
    let mut keys = Vec::new();
    for charge in charges {
        if !keys.contains(&charge.key()) {
            keys.push(charge.key());
        }
    }
    keys
}
