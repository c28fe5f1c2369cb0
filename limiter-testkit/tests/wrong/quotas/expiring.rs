//! Faults about when reservations run out.

use async_trait::async_trait;
use limiter_core::{
    Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Retry, Settlement,
};

use super::ledger::Ledger;
use super::wrong::{Fault, Right, lone, with_amounts, with_fault, with_max, with_ttl};
use crate::judge::{caught_by, caught_by_all};

/// Holds until the period's end what is never settled.
#[derive(Debug)]
struct NeverRunsOut;

#[async_trait]
impl Fault for NeverRunsOut {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        right.model.reserve(&with_ttl(reservation, 30 * 86_400_000)?).await
    }
}

/// What never runs out makes no room, neither when it said so nor when it is asked for again.
#[test]
fn never_runs_out() {
    let cases = [
        "quotas::a_reservation_holds_until_its_ttl_ends",
        "quotas::a_reserve_sent_again_moves_the_expiry",
        "quotas::a_refused_reserve_can_be_sent_again",
        "quotas::a_refused_reserve_tells_when_reservations_make_room",
        "quotas::a_refused_reserve_fits_when_its_wait_is_over",
        "quotas::a_refused_check_tells_when_something_is_left",
        "quotas::a_step_back_brings_no_reservation_back",
        "quotas::a_step_back_cuts_no_reservation_short",
    ];
    let broken = caught_by_all(&cases, || with_fault(NeverRunsOut));
    assert_eq!(broken.wanted(), "0 reserved");
}

/// A check that tells the sum as of the last change: where all has run out since, it is still in it.
#[derive(Debug, Default)]
struct StaleSum(Ledger);

#[async_trait]
impl Fault for StaleSum {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let (outcome, now_ms) = (right.model.check(key, quota).await?, right.now_ms());
        let run_out = self.0.units(key, quota, |noted| noted.expires_ms <= now_ms);
        let reserved = if outcome.reserved == 0 { run_out } else { outcome.reserved };
        Ok(QuotaOutcome { reserved, ..outcome })
    }

    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let now_ms = right.now_ms();
        self.0.keep(|noted| noted.expires_ms > now_ms);
        right.model.record(key, quota, amount).await
    }

    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let reserved = right.model.reserve(reservation).await?;
        if reserved.is_granted() {
            self.0.note(reservation, right.now_ms());
        }
        Ok(reserved)
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.0.strike(settlement.id());
        right.model.settle(settlement).await
    }
}

#[test]
fn stale_sum() {
    let case = "quotas::a_reservation_holds_until_its_ttl_ends";
    caught_by(case, || with_fault(StaleSum::default()));
}

/// A check that compares with `<=`: what ends in the next millisecond has ended.
#[derive(Debug, Default)]
struct EndedTooEarly(Ledger);

#[async_trait]
impl Fault for EndedTooEarly {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let (outcome, now_ms) = (right.model.check(key, quota).await?, right.now_ms());
        let ending = self.0.units(key, quota, |noted| noted.expires_ms == now_ms + 1);
        Ok(QuotaOutcome { reserved: outcome.reserved.saturating_sub(ending), ..outcome })
    }

    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        self.0.note(reservation, right.now_ms());
        right.model.reserve(reservation).await
    }
}

#[test]
fn ended_too_early() {
    let case = "quotas::a_reservation_holds_until_its_ttl_ends";
    let broken = caught_by(case, || with_fault(EndedTooEarly::default()));
    assert_eq!(broken.wanted(), "3 reserved");
}

/// Counts a settle only where something is still held under its id, or, the other way round, where nothing was ever.
#[derive(Debug)]
struct CountedIf(fn(&Ledger, &Settlement, u64) -> bool, Ledger);

#[async_trait]
impl Fault for CountedIf {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        self.1.note(reservation, right.now_ms());
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        if self.0(&self.1, settlement, right.now_ms()) {
            return right.model.settle(settlement).await;
        }
        let nothing = with_amounts(settlement.charges(), |_| 0);
        right.model.settle(&Settlement::new(settlement.id().clone(), nothing)?).await
    }
}

#[test]
fn settle_lost_after_expiry() {
    let case = "quotas::a_settle_after_the_reservation_ran_out_counts";
    let fault = || {
        let in_time = |ledger: &Ledger, settlement: &Settlement, now_ms| {
            ledger.get(settlement.id()).is_none_or(|noted| now_ms < noted.expires_ms)
        };
        with_fault(CountedIf(in_time, Ledger::default()))
    };
    caught_by(case, fault);
}

#[test]
fn settle_of_a_stranger_lost() {
    let case = "quotas::a_settle_of_an_id_that_was_never_reserved_counts";
    let fault = || {
        let known = |ledger: &Ledger, settlement: &Settlement, _| ledger.get(settlement.id()).is_some();
        with_fault(CountedIf(known, Ledger::default()))
    };
    caught_by(case, fault);
}

#[test]
fn settle_lost_after_the_turn() {
    let case = "quotas::a_settle_after_the_turn_counts_in_the_new_period";
    let fault = || {
        let same_period = |ledger: &Ledger, settlement: &Settlement, now_ms| {
            let quota = settlement.charges()[0].quota();
            let span = |at_ms| quota.period().span(at_ms, quota.utc_offset_minutes());
            ledger.get(settlement.id()).is_none_or(|noted| span(noted.at_ms) == span(now_ms))
        };
        with_fault(CountedIf(same_period, Ledger::default()))
    };
    caught_by(case, fault);
}

/// A reserve that judges what runs out a millisecond late, or early.
#[derive(Debug)]
struct RoomMadeAt {
    late: bool,
    ledger: Ledger,
}

#[async_trait]
impl Fault for RoomMadeAt {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let now_ms = right.now_ms();
        let Some(charge) = lone(reservation) else { return right.model.reserve(reservation).await };
        let ending_ms = if self.late { now_ms } else { now_ms + 1 };
        let (key, quota) = (charge.key(), charge.quota());
        let ending = self.ledger.units(key, quota, |noted| noted.expires_ms == ending_ms);
        self.ledger.note(reservation, now_ms);
        if ending > 0 && self.late {
            let outcome = right.model.check(key, quota).await?;
            let retry_after = Some(Retry::After(outcome.reset_after));
            return Ok(Reserved::Refused(vec![QuotaOutcome { retry_after, ..outcome }]));
        }
        let asked = if ending > 0 { with_max(reservation, 1 << 52)? } else { reservation.clone() };
        right.model.reserve(&asked).await
    }
}

#[test]
fn room_made_late_or_early() {
    let case = "quotas::a_refused_reserve_fits_when_its_wait_is_over";
    let broken = caught_by(case, || with_fault(RoomMadeAt { late: true, ledger: Ledger::default() }));
    assert_eq!(broken.wanted(), "allowed");
    let broken = caught_by(case, || with_fault(RoomMadeAt { late: false, ledger: Ledger::default() }));
    assert_eq!(broken.wanted(), "refused");
}
