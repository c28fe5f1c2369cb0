//! Quotas that are observed.
#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use limiter_core::{
    Key, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Settlement,
};

use super::limits::{OfLimit, Units};
use super::meters::Meters;
use super::observed::Observe;
use super::operation::Operation;
use super::what::{Bound, What};

#[async_trait]
impl<L: QuotaTracker> QuotaTracker for Observe<L> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let call = self.watch.begin(Operation::Check, What::Counter(key, Bound::Quota(*quota)));
        let outcome = call.run(self.inner.check(key, quota)).await?;
        if let Some(meters) = self.watch.meters() {
            of(meters, key, quota).decided(outcome.is_allowed(), outcome.source);
        }
        Ok(outcome)
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let call = self.watch.begin(Operation::Record, What::Amount(key, Bound::Quota(*quota), amount));
        let outcome = call.run(self.inner.record(key, quota, amount)).await?;
        if let Some(meters) = self.watch.meters() {
            of(meters, key, quota).used(Units::Recorded, amount);
        }
        Ok(outcome)
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let charges = reservation.charges();
        let call = self.watch.begin(Operation::Reserve, What::Quotas(charges));
        let reserved = call.run(self.inner.reserve(reservation)).await?;
        if let Some(meters) = self.watch.meters() {
            tell_reserved(meters, charges, &reserved);
        }
        Ok(reserved)
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let charges = settlement.charges();
        let call = self.watch.begin(Operation::Settle, What::Quotas(charges));
        let outcomes = call.run(self.inner.settle(settlement)).await?;
        if let Some(meters) = self.watch.meters() {
            for charge in charges {
                of(meters, charge.key(), charge.quota()).used(Units::Settled, charge.amount());
            }
        }
        Ok(outcomes)
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        let what = What::Counter(key, Bound::Quota(*quota));
        self.watch.begin(Operation::ResetQuota, what).run(self.inner.reset(key, quota)).await
    }
}

fn tell_reserved(meters: &Meters, charges: &[QuotaCharge], reserved: &Reserved) {
    for (charge, outcome) in charges.iter().zip(reserved.outcomes()) {
        let limit = of(meters, charge.key(), charge.quota());
        if reserved.is_granted() {
            limit.decided(true, outcome.source);
            limit.used(Units::Reserved, charge.amount());
        } else if !outcome.is_allowed() {
            limit.decided(false, outcome.source);
        }
    }
}

fn of<'a>(meters: &'a Meters, key: &Key, quota: &Quota) -> &'a OfLimit {
    meters.limit(key.space(), Bound::Quota(*quota))
}
