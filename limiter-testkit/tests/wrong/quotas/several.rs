//! Faults about several counters in one call.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use limiter_core::{
    Key, QuotaOutcome, QuotaTracker, Reservation, ReservationId, Reserved, Result, Settlement,
};

use super::wrong::{Fault, Right, hold, with_fault};
use crate::judge::caught_by;

/// Whether a call is over several keys.
fn over_keys(reservation: &Reservation) -> bool {
    let charges = reservation.charges();
    charges.iter().any(|charge| charge.key() != charges[0].key())
}

/// Reserves key after key, and leaves what was set aside where a later one refuses, or is in conflict.
#[derive(Debug)]
struct KeyByKey {
    when_refused: bool,
}

#[async_trait]
impl Fault for KeyByKey {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let got = right.model.reserve(reservation).await;
        let left = if got.is_err() { !self.when_refused } else { self.when_refused };
        let granted = got.as_ref().is_ok_and(Reserved::is_granted);
        if granted || !left || !over_keys(reservation) {
            return got;
        }
        for charge in reservation.charges() {
            let outcome = right.model.check(charge.key(), charge.quota()).await?;
            let conflict = got.is_err() && outcome.reserved > 0;
            if conflict || outcome.remaining < charge.amount() {
                break;
            }
            hold(right, charge.key(), charge.quota(), charge.amount()).await?;
        }
        got
    }
}

#[test]
fn all_or_nothing_broken() {
    let case = "quotas::several_counters_are_reserved_all_or_none";
    let broken = caught_by(case, || with_fault(KeyByKey { when_refused: true }));
    assert_eq!(broken.wanted(), "0 reserved");
}

#[test]
fn conflict_found_too_late() {
    let case = "quotas::a_conflict_in_one_counter_changes_none";
    caught_by(case, || with_fault(KeyByKey { when_refused: false }));
}

/// Stops at the first charge that doesn't fit, and tells of the rest that they do.
#[derive(Debug)]
struct StopsAtTheFirst;

#[async_trait]
impl Fault for StopsAtTheFirst {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let reserved = right.model.reserve(reservation).await?;
        let Reserved::Refused(mut outcomes) = reserved else { return Ok(reserved) };
        let refused = outcomes.iter_mut().filter(|outcome| !outcome.is_allowed());
        refused.skip(1).for_each(|outcome| outcome.retry_after = None);
        Ok(Reserved::Refused(outcomes))
    }
}

#[test]
fn stops_at_the_first() {
    caught_by("quotas::a_refused_reserve_tells_which_charges_fit", || with_fault(StopsAtTheFirst));
}

/// Remembers settled ids for all counters together, and counts all of a call or nothing.
#[derive(Debug)]
struct SettledAsAWhole {
    /// What is done with a call of which some counters have settled the id and some haven't.
    counts: bool,
    settled: Mutex<HashSet<(Key, ReservationId)>>,
}

#[async_trait]
impl Fault for SettledAsAWhole {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let known = {
            let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
            let ids =
                settlement.charges().iter().map(|charge| (charge.key().clone(), settlement.id().clone()));
            ids.filter(|id| !settled.insert(id.clone())).count()
        };
        if known == 0 || known == settlement.charges().len() {
            return right.model.settle(settlement).await;
        }
        let part = if self.counts { settlement.charges() } else { &settlement.charges()[..1] };
        let id = if self.counts { ReservationId::random()? } else { settlement.id().clone() };
        let mut outcomes = right.model.settle(&Settlement::new(id, part)?).await?;
        outcomes.resize(settlement.charges().len(), outcomes[0]);
        Ok(outcomes)
    }
}

#[test]
fn settled_as_a_whole() {
    let case = "quotas::a_settle_counts_in_each_counter_that_has_not_settled";
    for counts in [false, true] {
        caught_by(case, || with_fault(SettledAsAWhole { counts, settled: Mutex::default() }));
    }
}

/// Tells the outcomes in the order of the keys, in which it has locked them.
#[derive(Debug)]
struct OrderOfLocks;

#[async_trait]
impl Fault for OrderOfLocks {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let mut outcomes = right.model.settle(settlement).await?;
        outcomes.sort_by_key(|outcome| outcome.used);
        Ok(outcomes)
    }
}

#[test]
fn order_of_locks() {
    caught_by("quotas::a_settle_tells_each_outcome_in_order", || with_fault(OrderOfLocks));
}

/// Leaves out what is beyond the tenth charge.
#[derive(Debug)]
struct TenCharges;

#[async_trait]
impl Fault for TenCharges {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let some = settlement.charges().iter().take(10).cloned().collect::<Vec<_>>();
        let mut outcomes = right.model.settle(&Settlement::new(settlement.id().clone(), some)?).await?;
        outcomes.resize(settlement.charges().len(), outcomes[0]);
        Ok(outcomes)
    }
}

#[test]
fn ten_charges() {
    caught_by("quotas::sixty_four_counters_are_reserved_and_settled", || with_fault(TenCharges));
}
