//! Faults that show only among many callers, or many keys.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use limiter_core::{
    EXACT, Key, Quota, QuotaOutcome, QuotaTracker, Reservation, ReservationId, Reserved, Result, Retry,
    Settlement,
};
use tokio::task::yield_now;

use super::wrong::{Fault, Right, hold, lone, with_amounts, with_fault, with_max};
use crate::judge::{caught_by, caught_by_all};

/// Time for others between a look and what is done by it.
async fn meanwhile() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Reads what was used, adds to it, and writes the sum.
#[derive(Debug)]
struct LostUpdates;

#[async_trait]
impl Fault for LostUpdates {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        if amount > EXACT {
            return right.model.record(key, quota, amount).await;
        }
        let sum = right.model.check(key, quota).await?.used + amount;
        meanwhile().await;
        let used = right.model.check(key, quota).await?.used;
        right.model.record(key, quota, sum.saturating_sub(used).min(EXACT)).await
    }
}

#[test]
fn lost_updates() {
    caught_by("quotas::records_at_once_add_up", || with_fault(LostUpdates));
}

/// Looks whether it fits, and then sets aside.
#[derive(Debug)]
struct CheckThenReserve;

#[async_trait]
impl Fault for CheckThenReserve {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let Some(charge) = lone(reservation) else { return right.model.reserve(reservation).await };
        let fits = right.model.check(charge.key(), charge.quota()).await?.remaining >= charge.amount();
        meanwhile().await;
        if !fits || charge.amount() == 0 {
            return right.model.reserve(reservation).await;
        }
        right.model.reserve(&with_max(reservation, EXACT)?).await
    }
}

#[test]
fn check_then_reserve() {
    caught_by("quotas::reserves_at_once_never_pass_the_cap", || with_fault(CheckThenReserve));
}

/// Gives up where somebody else is at it, and calls that refused.
#[derive(Debug, Default)]
struct GivesUp(tokio::sync::Mutex<()>);

#[async_trait]
impl Fault for GivesUp {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let Some(charge) = lone(reservation) else { return right.model.reserve(reservation).await };
        let Ok(_alone) = self.0.try_lock() else {
            let outcome = right.model.check(charge.key(), charge.quota()).await?;
            let retry_after = Some(Retry::After(outcome.reset_after));
            return Ok(Reserved::Refused(vec![QuotaOutcome { retry_after, ..outcome }]));
        };
        meanwhile().await;
        right.model.reserve(reservation).await
    }
}

/// One that is sent again beside itself is given up too.
#[test]
fn gives_up() {
    let cases =
        ["quotas::reserves_at_once_never_pass_the_cap", "quotas::one_reserve_many_times_at_once_counts_once"];
    caught_by_all(&cases, || with_fault(GivesUp::default()));
}

/// Looks whether the id is known, and then sets aside, or settles.
#[derive(Debug)]
struct LooksThenActs {
    settles: bool,
    known: Mutex<HashSet<(Key, ReservationId)>>,
}

impl LooksThenActs {
    fn knows(&self, key: &Key, id: &ReservationId) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&(key.clone(), id.clone()))
    }

    /// Whether nobody has noted it meanwhile.
    fn note(&self, key: &Key, id: &ReservationId) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((key.clone(), id.clone()))
    }
}

#[async_trait]
impl Fault for LooksThenActs {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let (charge, id) = (&reservation.charges()[0], reservation.id());
        let knew = self.settles || self.knows(charge.key(), id);
        meanwhile().await;
        if !knew && !self.note(charge.key(), id) {
            hold(right, charge.key(), charge.quota(), charge.amount()).await?;
        }
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let (charge, id) = (&settlement.charges()[0], settlement.id());
        let knew = !self.settles || self.knows(charge.key(), id);
        meanwhile().await;
        if !knew && !self.note(charge.key(), id) {
            let other = Settlement::new(ReservationId::random()?, settlement.charges())?;
            return right.model.settle(&other).await;
        }
        right.model.settle(settlement).await
    }
}

#[test]
fn looks_for_the_id_then_reserves() {
    let case = "quotas::one_reserve_many_times_at_once_counts_once";
    caught_by(case, || with_fault(LooksThenActs { settles: false, known: Mutex::default() }));
}

#[test]
fn looks_for_the_id_then_settles() {
    let case = "quotas::one_settle_many_times_at_once_counts_once";
    caught_by(case, || with_fault(LooksThenActs { settles: true, known: Mutex::default() }));
}

/// Settles several counters by reading all and writing all.
#[derive(Debug)]
struct SettlesLost;

#[async_trait]
impl Fault for SettlesLost {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let charges = settlement.charges();
        let charge = &charges[0];
        let seen = right.model.check(charge.key(), charge.quota()).await?.used;
        meanwhile().await;
        let used = right.model.check(charge.key(), charge.quota()).await?.used;
        let overtaken = charges.len() > 1 && used != seen;
        let told = with_amounts(charges, |amount| if overtaken { 0 } else { amount });
        right.model.settle(&Settlement::new(settlement.id().clone(), told)?).await
    }
}

#[test]
fn settles_lost() {
    caught_by("quotas::reserves_settles_and_cancels_at_once_add_up", || with_fault(SettlesLost));
}

/// Drops the oldest counter where there are more than so many.
#[derive(Debug, Default)]
struct OldestDropped(Mutex<Vec<(Key, Quota)>>);

/// How many counters the store has room for.
const ROOM: usize = 1_000;

#[async_trait]
impl Fault for OldestDropped {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let dropped = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !kept.iter().any(|(other, same)| other == key && same == quota) {
                kept.push((key.clone(), *quota));
            }
            if kept.len() > ROOM { Some(kept.remove(0)) } else { None }
        };
        if let Some((key, quota)) = dropped {
            QuotaTracker::reset(&right.model, &key, &quota).await?;
        }
        right.model.record(key, quota, amount).await
    }
}

#[test]
fn oldest_dropped() {
    caught_by("quotas::a_flood_of_new_keys_loses_nothing", || with_fault(OldestDropped::default()));
}
