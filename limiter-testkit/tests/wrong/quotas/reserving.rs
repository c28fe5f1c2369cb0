//! Faults about what is set aside.

use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    EXACT, Error, ErrorKind, Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Retry,
};

use super::ledger::Ledger;
use super::wrong::{Fault, Right, changed, hold, lone, with_fault, with_max, with_ttl};
use crate::judge::{caught_by, caught_by_all};

/// Grants one unit more than the cap.
#[derive(Debug)]
struct OneMore;

#[async_trait]
impl Fault for OneMore {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let Some(charge) = lone(reservation) else { return right.model.reserve(reservation).await };
        let outcome = right.model.check(charge.key(), charge.quota()).await?;
        let (max, sum) = (charge.quota().max(), outcome.used + outcome.reserved + charge.amount());
        let one_more = charge.amount() <= max && sum == max + 1;
        let asked = if one_more { with_max(reservation, max + 1)? } else { reservation.clone() };
        right.model.reserve(&asked).await
    }
}

#[test]
fn one_more() {
    let broken = caught_by("quotas::a_reserve_fits_up_to_the_cap_and_not_one_more", || with_fault(OneMore));
    assert_eq!(broken.wanted(), "refused");
}

/// Asks whether anything is left before it asks for how much.
#[derive(Debug)]
struct NothingRefused;

#[async_trait]
impl Fault for NothingRefused {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let Some(charge) = lone(reservation) else { return right.model.reserve(reservation).await };
        let outcome = right.model.check(charge.key(), charge.quota()).await?;
        if charge.amount() == 0 && !outcome.is_allowed() {
            return Ok(Reserved::Refused(vec![outcome]));
        }
        right.model.reserve(reservation).await
    }
}

#[test]
fn nothing_refused() {
    caught_by("quotas::reserving_nothing_is_allowed_at_the_cap", || with_fault(NothingRefused));
}

/// Tells to come back in the next period with what won't fit then either.
#[derive(Debug)]
struct NextPeriod;

fn next_period(outcome: QuotaOutcome) -> QuotaOutcome {
    match outcome.retry_after {
        Some(Retry::Never) => {
            QuotaOutcome { retry_after: Some(Retry::After(outcome.reset_after)), ..outcome }
        }
        _ => outcome,
    }
}

#[async_trait]
impl Fault for NextPeriod {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        Ok(changed(right.model.reserve(reservation).await?, next_period))
    }
}

#[test]
fn next_period_for_more_than_the_cap() {
    let broken = caught_by("quotas::more_than_the_cap_never_fits", || with_fault(NextPeriod));
    assert_eq!(broken.wanted(), "that it never fits");
}

/// The same for a check of a quota of nothing.
#[derive(Debug)]
struct NothingNextPeriod;

#[async_trait]
impl Fault for NothingNextPeriod {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        right.model.check(key, quota).await.map(next_period)
    }
}

#[test]
fn next_period_for_nothing() {
    caught_by("quotas::a_check_of_a_quota_of_nothing_never_fits", || with_fault(NothingNextPeriod));
}

/// Takes what can never fit for a mistake of the caller.
#[derive(Debug)]
struct NeverIsAnError;

#[async_trait]
impl Fault for NeverIsAnError {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        match lone(reservation) {
            Some(charge) if charge.amount() > charge.quota().max() => {
                Err(Error::invalid("amount", charge.amount(), "up to the quota's max"))
            }
            _ => right.model.reserve(reservation).await,
        }
    }
}

/// A refused reserve that stores nothing asks for more than the cap too: nothing else is refused in a new period.
#[test]
fn never_is_an_error() {
    let cases = ["quotas::more_than_the_cap_never_fits", "quotas::what_changes_nothing_turns_no_period"];
    caught_by_all(&cases, || with_fault(NeverIsAnError));
}

/// Holds what is left where not all fits, and says that it refused.
#[derive(Debug)]
struct RestHeld;

#[async_trait]
impl Fault for RestHeld {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let reserved = right.model.reserve(reservation).await?;
        if let (Some(charge), Reserved::Refused(outcomes)) = (lone(reservation), &reserved)
            && charge.amount() <= charge.quota().max()
        {
            hold(right, charge.key(), charge.quota(), outcomes[0].remaining).await?;
        }
        Ok(reserved)
    }
}

#[test]
fn rest_held() {
    caught_by("quotas::a_refused_reserve_holds_nothing", || with_fault(RestHeld));
}

/// Remembers the answer under the id, a refusal as well.
#[derive(Debug, Default)]
struct RefusalsRemembered(Ledger);

#[async_trait]
impl Fault for RefusalsRemembered {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        if let (Some(charge), Some(_)) = (lone(reservation), self.0.get(reservation.id())) {
            let outcome = right.model.check(charge.key(), charge.quota()).await?;
            let retry_after = Some(Retry::After(outcome.reset_after));
            return Ok(Reserved::Refused(vec![QuotaOutcome { retry_after, ..outcome }]));
        }
        let reserved = right.model.reserve(reservation).await?;
        if !reserved.is_granted() {
            self.0.note(reservation, right.now_ms());
        }
        Ok(reserved)
    }
}

#[test]
fn refusals_remembered() {
    caught_by("quotas::a_refused_reserve_can_be_sent_again", || with_fault(RefusalsRemembered::default()));
}

/// Judges a reserve that is sent again as if it were new: it competes with itself.
#[derive(Debug, Default)]
struct AgainRefused(Ledger);

#[async_trait]
impl Fault for AgainRefused {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        if let (Some(charge), Some(noted)) = (lone(reservation), self.0.get(reservation.id())) {
            let outcome = right.model.check(charge.key(), charge.quota()).await?;
            if noted.charges == reservation.charges() && outcome.remaining < charge.amount() {
                let retry_after = Some(Retry::After(outcome.reset_after));
                return Ok(Reserved::Refused(vec![QuotaOutcome { retry_after, ..outcome }]));
            }
        }
        self.0.note(reservation, 0);
        right.model.reserve(reservation).await
    }
}

#[test]
fn again_refused() {
    let case = "quotas::a_reserve_sent_again_is_granted_and_not_counted_twice";
    let broken = caught_by(case, || with_fault(AgainRefused::default()));
    assert_eq!(broken.wanted(), "allowed");
}

/// Counts a reserve that is sent again once more.
#[derive(Debug, Default)]
struct AgainCounted(Ledger);

#[async_trait]
impl Fault for AgainCounted {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let reserved = right.model.reserve(reservation).await?;
        if self.0.get(reservation.id()).is_some() {
            let again = Reservation::new(reservation.charges(), Duration::from_millis(reservation.ttl_ms()))?;
            let _ = right.model.reserve(&with_max(&again, EXACT)?).await?;
        }
        self.0.note(reservation, 0);
        Ok(reserved)
    }
}

/// What counts twice one after the other does so at once.
#[test]
fn again_counted() {
    let cases = [
        "quotas::a_reserve_sent_again_is_granted_and_not_counted_twice",
        "quotas::one_reserve_many_times_at_once_counts_once",
    ];
    let broken = caught_by_all(&cases, || with_fault(AgainCounted::default()));
    assert_eq!(broken.wanted(), "6 reserved");
}

/// How long something is held that is asked for again: from what is left, and from what is asked for.
type Again = fn(u64, u64) -> u64;

/// Another idea of when a reserve that is sent again runs out.
#[derive(Debug)]
struct AgainFor(Again, Ledger);

#[async_trait]
impl Fault for AgainFor {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let now_ms = right.now_ms();
        let left_ms = self.1.get(reservation.id()).map(|noted| noted.expires_ms.saturating_sub(now_ms));
        let asked = match left_ms {
            Some(left_ms) if left_ms > 0 => with_ttl(reservation, self.0(left_ms, reservation.ttl_ms()))?,
            _ => reservation.clone(),
        };
        let reserved = right.model.reserve(&asked).await?;
        if reserved.is_granted() {
            self.1.note(&asked, now_ms);
        }
        Ok(reserved)
    }
}

#[test]
fn again_does_not_move_the_expiry() {
    let case = "quotas::a_reserve_sent_again_moves_the_expiry";
    let kept: Again = |left_ms, _| left_ms;
    caught_by(case, || with_fault(AgainFor(kept, Ledger::default())));
    caught_by(case, || with_fault(AgainFor(u64::max, Ledger::default())));
    caught_by(case, || with_fault(AgainFor(u64::min, Ledger::default())));
}

/// Takes another amount under an id that holds something, and answers this or that.
#[derive(Debug)]
struct OtherAmountTaken {
    granted: bool,
}

#[async_trait]
impl Fault for OtherAmountTaken {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let got = right.model.reserve(reservation).await;
        let (Some(charge), Err(error)) = (lone(reservation), &got) else { return got };
        let outcome = right.model.check(charge.key(), charge.quota()).await?;
        if error.kind() == ErrorKind::Conflict && outcome.reserved > 0 {
            hold(right, charge.key(), charge.quota(), charge.amount()).await?;
            if self.granted {
                return Ok(Reserved::Granted(vec![QuotaOutcome { retry_after: None, ..outcome }]));
            }
        }
        got
    }
}

#[test]
fn other_amount_taken() {
    let case = "quotas::another_amount_under_a_held_id_is_a_conflict_and_changes_nothing";
    let broken = caught_by(case, || with_fault(OtherAmountTaken { granted: true }));
    assert_eq!(broken.wanted(), "the error `conflict`");
    let broken = caught_by(case, || with_fault(OtherAmountTaken { granted: false }));
    assert_eq!(broken.wanted(), "4 reserved");
}

/// Reserves the quotas of one key one after the other, and leaves what was set aside where a later one refuses.
#[derive(Debug)]
struct QuotaByQuota;

#[async_trait]
impl Fault for QuotaByQuota {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let reserved = right.model.reserve(reservation).await?;
        let charges = reservation.charges();
        if charges.iter().all(|charge| charge.key() == charges[0].key()) {
            let fitting =
                charges.iter().zip(reserved.outcomes()).take_while(|(_, outcome)| outcome.is_allowed());
            for (charge, _) in fitting.filter(|_| !reserved.is_granted()) {
                hold(right, charge.key(), charge.quota(), charge.amount()).await?;
            }
        }
        Ok(reserved)
    }
}

#[test]
fn quota_by_quota() {
    caught_by("quotas::quotas_of_one_key_are_reserved_all_or_none", || with_fault(QuotaByQuota));
}
