//! Faults about what is used and recorded.

use async_trait::async_trait;
use limiter_core::{
    EXACT, Error, ErrorKind, Key, Quota, QuotaOutcome, QuotaTracker, Result, Retry, Settlement,
};

use super::wrong::{Fault, Right, with_amounts, with_fault};
use crate::judge::{caught_by, caught_by_all};

/// A check that compares with `<=`.
#[derive(Debug)]
struct AllowedAtTheCap;

#[async_trait]
impl Fault for AllowedAtTheCap {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let outcome = right.model.check(key, quota).await?;
        let at_the_cap = quota.max() > 0 && outcome.used + outcome.reserved == quota.max();
        Ok(if at_the_cap { QuotaOutcome { retry_after: None, ..outcome } } else { outcome })
    }
}

#[test]
fn allowed_at_the_cap() {
    let case = "quotas::a_check_is_allowed_below_the_cap_and_refused_at_it";
    let broken = caught_by(case, || with_fault(AllowedAtTheCap));
    assert_eq!(broken.wanted(), "refused");
}

/// A check that compares with `==`, as if nothing ever led past the cap.
#[derive(Debug)]
struct AllowedPastTheCap;

#[async_trait]
impl Fault for AllowedPastTheCap {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let outcome = right.model.check(key, quota).await?;
        let past = quota.max() > 0 && outcome.used + outcome.reserved > quota.max();
        Ok(if past { QuotaOutcome { retry_after: None, ..outcome } } else { outcome })
    }
}

/// What tells the wait of a refused check asks past the cap too.
#[test]
fn allowed_past_the_cap() {
    let cases = [
        "quotas::a_check_is_refused_over_the_cap",
        "quotas::a_refused_check_tells_when_something_is_left",
        "quotas::no_wait_is_longer_than_the_period",
    ];
    caught_by_all(&cases, || with_fault(AllowedPastTheCap));
}

/// A check that counts as a use, where there was one before.
#[derive(Debug)]
struct ChecksCounted;

#[async_trait]
impl Fault for ChecksCounted {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let outcome = right.model.check(key, quota).await?;
        let _ = right.model.record(key, quota, outcome.used.min(1)).await?;
        Ok(outcome)
    }
}

#[test]
fn checks_counted() {
    caught_by("quotas::a_check_changes_nothing", || with_fault(ChecksCounted));
}

/// Sets what was used instead of adding to it.
#[derive(Debug)]
struct RecordedAnew;

#[async_trait]
impl Fault for RecordedAnew {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let used = right.model.check(key, quota).await?.used;
        right.model.record(key, quota, amount.saturating_sub(used)).await
    }
}

/// Where each sets what was used, those at once don't add up either.
#[test]
fn recorded_anew() {
    let cases = ["quotas::a_record_adds_to_what_was_used", "quotas::records_at_once_add_up"];
    caught_by_all(&cases, || with_fault(RecordedAnew));
}

/// Refuses to record what doesn't fit.
#[derive(Debug)]
struct RefusedPastTheCap;

#[async_trait]
impl Fault for RefusedPastTheCap {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let outcome = right.model.check(key, quota).await?;
        if quota.max() < EXACT && outcome.used.saturating_add(amount) > quota.max() {
            return Ok(QuotaOutcome { retry_after: Some(Retry::After(outcome.reset_after)), ..outcome });
        }
        right.model.record(key, quota, amount).await
    }
}

#[test]
fn refused_past_the_cap() {
    caught_by("quotas::a_record_counts_past_the_cap", || with_fault(RefusedPastTheCap));
}

/// Takes a record of 0 for one of 1, on a counter that exists.
#[derive(Debug)]
struct NothingIsOne;

#[async_trait]
impl Fault for NothingIsOne {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let used = right.model.check(key, quota).await?.used;
        right.model.record(key, quota, amount.max(used.min(1))).await
    }
}

#[test]
fn nothing_is_one() {
    caught_by("quotas::a_record_of_nothing_changes_nothing", || with_fault(NothingIsOne));
}

/// Leaves out what is reserved when it tells what remains.
#[derive(Debug)]
struct ReservedRemains;

#[async_trait]
impl Fault for ReservedRemains {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let outcome = right.model.check(key, quota).await?;
        Ok(QuotaOutcome { remaining: quota.max().saturating_sub(outcome.used), ..outcome })
    }
}

#[test]
fn reserved_remains() {
    caught_by("quotas::remaining_is_what_is_neither_used_nor_reserved", || with_fault(ReservedRemains));
}

/// Tells how the counter stood before it was changed.
#[derive(Debug)]
struct ToldBefore;

#[async_trait]
impl Fault for ToldBefore {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let before = right.model.check(key, quota).await?;
        let after = right.model.record(key, quota, amount).await?;
        Ok(QuotaOutcome { used: before.used, ..after })
    }
}

#[test]
fn told_before() {
    caught_by("quotas::an_outcome_tells_the_state_after_its_call", || with_fault(ToldBefore));
}

/// Keeps amounts in 32 bits.
#[derive(Debug)]
struct Narrow;

fn narrow(amount: u64) -> u64 {
    amount & u64::from(u32::MAX)
}

#[async_trait]
impl Fault for Narrow {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        right.model.record(key, quota, if amount > EXACT { amount } else { narrow(amount) }).await
    }
}

/// What is cut to 32 bits doesn't reach the largest sum.
#[test]
fn narrow_amounts() {
    let cases = ["quotas::amounts_up_to_the_largest_are_exact", "quotas::a_sum_stays_at_the_largest_amount"];
    caught_by_all(&cases, || with_fault(Narrow));
}

/// Reckons with numbers of 24 exact bits.
#[derive(Debug)]
struct Rounded;

#[async_trait]
impl Fault for Rounded {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the fault"
        )]
        let rounded = |amount: u64| (amount as f32 as u64).min(EXACT);
        let charges = with_amounts(settlement.charges(), rounded);
        right.model.settle(&Settlement::new(settlement.id().clone(), charges)?).await
    }
}

#[test]
fn rounded_amounts() {
    caught_by("quotas::amounts_up_to_the_largest_are_exact", || with_fault(Rounded));
}

/// Lets a sum wrap to nothing where it grows beyond the largest amount.
#[derive(Debug)]
struct Wrapping;

#[async_trait]
impl Fault for Wrapping {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let used = right.model.check(key, quota).await?.used;
        if amount <= EXACT && used + amount > EXACT {
            QuotaTracker::reset(&right.model, key, quota).await?;
            return right.model.record(key, quota, used + amount - EXACT - 1).await;
        }
        right.model.record(key, quota, amount).await
    }
}

#[test]
fn wrapping_sums() {
    caught_by("quotas::a_sum_stays_at_the_largest_amount", || with_fault(Wrapping));
}

/// Refuses what would lead beyond the largest amount.
#[derive(Debug)]
struct Overflowing;

#[async_trait]
impl Fault for Overflowing {
    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        for charge in settlement.charges() {
            let used = right.model.check(charge.key(), charge.quota()).await?.used;
            if used + charge.amount() > EXACT {
                return Err(Error::new(ErrorKind::Protocol, "the store says: out of range"));
            }
        }
        right.model.settle(settlement).await
    }
}

#[test]
fn overflowing_sums() {
    caught_by("quotas::a_sum_stays_at_the_largest_amount", || with_fault(Overflowing));
}

/// Takes an amount beyond the largest for the largest.
#[derive(Debug)]
struct Clamped;

#[async_trait]
impl Fault for Clamped {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        right.model.record(key, quota, amount.min(EXACT)).await
    }
}

#[test]
fn clamped_amounts() {
    caught_by("quotas::an_amount_beyond_the_largest_is_refused_and_counts_nothing", || with_fault(Clamped));
}

/// Refuses an amount beyond the largest after it has counted it.
#[derive(Debug)]
struct RefusedTooLate;

#[async_trait]
impl Fault for RefusedTooLate {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let outcome = right.model.record(key, quota, amount.min(EXACT)).await?;
        if amount > EXACT { right.model.record(key, quota, amount).await } else { Ok(outcome) }
    }
}

#[test]
fn refused_too_late() {
    let case = "quotas::an_amount_beyond_the_largest_is_refused_and_counts_nothing";
    let broken = caught_by(case, || with_fault(RefusedTooLate));
    assert_eq!(broken.wanted(), "0 used");
}

/// A check that knows nothing of reservations.
#[derive(Debug)]
struct ReservationsIgnored;

#[async_trait]
impl Fault for ReservationsIgnored {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let outcome = right.model.check(key, quota).await?;
        let below = outcome.used < quota.max() && outcome.used + outcome.reserved == quota.max();
        Ok(if below { QuotaOutcome { retry_after: None, ..outcome } } else { outcome })
    }
}

#[test]
fn reservations_ignored() {
    let case = "quotas::a_check_is_allowed_below_the_cap_and_refused_at_it";
    caught_by(case, || with_fault(ReservationsIgnored));
}
