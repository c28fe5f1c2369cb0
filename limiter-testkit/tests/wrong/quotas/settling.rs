//! Faults about what is settled.

use async_trait::async_trait;
use limiter_core::{
    Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Retry, Settlement,
};

use super::ledger::Ledger;
use super::wrong::{Fault, Right, hold, with_amounts, with_fault};
use crate::judge::caught_by;

/// Takes away as much as was really used, not as much as was held: the rest stays.
#[derive(Debug, Default)]
struct RestStays(Ledger);

#[async_trait]
impl Fault for RestStays {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        self.0.note(reservation, right.now_ms());
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let outcomes = right.model.settle(settlement).await?;
        for charge in settlement.charges().iter().filter(|charge| charge.amount() > 0) {
            let (key, quota) = (charge.key(), charge.quota());
            let held = self.0.get(settlement.id()).map_or(0, |noted| noted.charges[0].amount());
            hold(right, key, quota, held.saturating_sub(charge.amount())).await?;
        }
        Ok(outcomes)
    }
}

#[test]
fn rest_stays() {
    caught_by("quotas::a_settle_takes_away_what_is_held", || with_fault(RestStays::default()));
}

/// Counts what was reserved where less was used: the estimate is taken for the truth.
#[derive(Debug, Default)]
struct EstimateCounted(Ledger);

#[async_trait]
impl Fault for EstimateCounted {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        self.0.note(reservation, right.now_ms());
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let held = self.0.get(settlement.id()).map_or(0, |noted| noted.charges[0].amount());
        let most = |amount: u64| if amount == 0 { 0 } else { amount.max(held) };
        let charges = with_amounts(settlement.charges(), most);
        right.model.settle(&Settlement::new(settlement.id().clone(), charges)?).await
    }
}

#[test]
fn estimate_counted() {
    let case = "quotas::a_settle_counts_what_was_really_used";
    let broken = caught_by(case, || with_fault(EstimateCounted::default()));
    assert_eq!(broken.wanted(), "3 used");
}

/// Leaves out a settle of 0, for it counts nothing; what was held stays.
#[derive(Debug, Default)]
struct CancelHolds(Ledger);

#[async_trait]
impl Fault for CancelHolds {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        self.0.note(reservation, right.now_ms());
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let outcomes = right.model.settle(settlement).await?;
        let held = self.0.get(settlement.id()).map_or(0, |noted| noted.charges[0].amount());
        if let [charge] = settlement.charges() {
            let again = if charge.amount() == 0 { held } else { 0 };
            hold(right, charge.key(), charge.quota(), again).await?;
        }
        Ok(outcomes)
    }
}

#[test]
fn cancel_holds() {
    caught_by("quotas::settling_nothing_gives_the_reservation_back", || with_fault(CancelHolds::default()));
}

/// Tells that nothing is held any more once something was settled, whoever else holds something.
#[derive(Debug, Default)]
struct OthersTaken(Ledger);

#[async_trait]
impl Fault for OthersTaken {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let outcome = right.model.check(key, quota).await?;
        let settled = self.0.units(key, quota, |_| true) > 0;
        Ok(QuotaOutcome { reserved: if settled { 0 } else { outcome.reserved }, ..outcome })
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let settled = Reservation::new(settlement.charges(), std::time::Duration::from_secs(1))?;
        self.0.note(&settled, right.now_ms());
        right.model.settle(settlement).await
    }
}

#[test]
fn others_taken() {
    caught_by("quotas::a_settle_leaves_other_reservations_alone", || with_fault(OthersTaken::default()));
}

/// Counts no more than what was left up to the cap.
#[derive(Debug)]
struct CappedSettle;

#[async_trait]
impl Fault for CappedSettle {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let charge = &settlement.charges()[0];
        let used = right.model.check(charge.key(), charge.quota()).await?.used;
        let left = charge.quota().max().saturating_sub(used);
        let charges = with_amounts(settlement.charges(), |amount| amount.min(left));
        right.model.settle(&Settlement::new(settlement.id().clone(), charges)?).await
    }
}

#[test]
fn capped_settle() {
    caught_by("quotas::a_settle_counts_past_the_cap", || with_fault(CappedSettle));
}

/// Counts a settle past the cap, and tells that it was refused.
#[derive(Debug)]
struct SettleRefused;

#[async_trait]
impl Fault for SettleRefused {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let mut outcomes = right.model.settle(settlement).await?;
        for (outcome, charge) in outcomes.iter_mut().zip(settlement.charges()) {
            if outcome.used > charge.quota().max() {
                outcome.retry_after = Some(Retry::After(outcome.reset_after));
            }
        }
        Ok(outcomes)
    }
}

#[test]
fn settle_refused() {
    caught_by("quotas::a_settle_is_always_allowed", || with_fault(SettleRefused));
}
