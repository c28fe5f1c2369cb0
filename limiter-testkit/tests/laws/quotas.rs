//! Faults of quotas, and the laws that they break.

use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Clock, EXACT, Key, ManualClock, Period, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation,
    Reserved, Result, Settlement,
};
use limiter_testkit::Model;
use limiter_testkit::laws::quotas::{self, calls};

use crate::judge::broken_within;
use crate::wrong::{QuotaFault, Wrong};

fn of() -> [Quota; 2] {
    ["10/hour", "7/day at +05:30"].map(|text| text.parse().unwrap())
}

fn with<F>(fault: F) -> impl FnOnce(ManualClock) -> Wrong<F> {
    |clock| Wrong { model: Model::new(clock), fault }
}

/// Charges by other quotas.
fn by(charges: &[QuotaCharge], quota: impl Fn(&Quota) -> Quota) -> Vec<QuotaCharge> {
    let charge =
        |charge: &QuotaCharge| QuotaCharge::new(charge.key().clone(), quota(charge.quota()), charge.amount());
    charges.iter().map(charge).collect()
}

/// Counts every settle, also one that is repeated.
#[derive(Debug)]
struct SettlesTwice;

#[async_trait]
impl QuotaFault for SettlesTwice {
    async fn settle(&self, model: &Model, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let _ = model.settle(settlement).await?;
        let mut outcomes = Vec::new();
        for charge in settlement.charges() {
            outcomes.push(model.record(charge.key(), charge.quota(), charge.amount()).await?);
        }
        Ok(outcomes)
    }
}

#[test]
fn a_settle_that_counts_twice() {
    broken_within(1, with(SettlesTwice), &calls(&of(), 1..40), async |wrong, trial, calls| {
        quotas::a_settle_counts_once(wrong, trial, &of(), calls).await
    });
}

/// Cuts what was used off at the cap.
#[derive(Debug)]
struct CutOffAtTheCap;

#[async_trait]
impl QuotaFault for CutOffAtTheCap {
    async fn record(&self, model: &Model, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let left = model.check(key, quota).await?.remaining;
        model.record(key, quota, amount.min(left)).await
    }
}

#[test]
fn consumption_past_the_cap_that_is_lost() {
    broken_within(2, with(CutOffAtTheCap), &calls(&of(), 1..40), async |wrong, trial, calls| {
        quotas::used_is_the_sum_of_what_was_recorded_and_settled(wrong, trial, &of(), calls).await
    });
}

/// Turns every day at midnight in UTC.
#[derive(Debug)]
struct TurnsInUtc;

impl TurnsInUtc {
    fn quota(quota: &Quota) -> Quota {
        Quota::new(quota.max(), quota.period()).unwrap()
    }
}

#[async_trait]
impl QuotaFault for TurnsInUtc {
    async fn check(&self, model: &Model, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        model.check(key, &Self::quota(quota)).await
    }

    async fn record(&self, model: &Model, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        model.record(key, &Self::quota(quota), amount).await
    }

    async fn reserve(&self, model: &Model, reservation: &Reservation) -> Result<Reserved> {
        let ttl = Duration::from_millis(reservation.ttl_ms());
        let request = Reservation::new(by(reservation.charges(), Self::quota), ttl)?;
        model.reserve(&request.with_id(reservation.id().clone())).await
    }

    async fn settle(&self, model: &Model, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let charges = by(settlement.charges(), Self::quota);
        model.settle(&Settlement::new(settlement.id().clone(), charges)?).await
    }
}

#[test]
fn a_day_that_turns_elsewhere() {
    broken_within(2, with(TurnsInUtc), &calls(&of(), 1..40), async |wrong, trial, calls| {
        quotas::used_is_the_sum_of_what_was_recorded_and_settled(wrong, trial, &of(), calls).await
    });
    let why = broken_within(1, with(TurnsInUtc), &calls(&of(), 1..40), async |wrong, trial, calls| {
        quotas::every_answer_is_what_the_definitions_say(wrong, trial, &of(), calls).await
    });
    assert!(why.contains("when the period ends of 7/day at +05:30"), "{why}");
}

/// Holds what was reserved until the period turns, however short its time to live.
#[derive(Debug)]
struct NeverRunsOut;

#[async_trait]
impl QuotaFault for NeverRunsOut {
    async fn reserve(&self, model: &Model, reservation: &Reservation) -> Result<Reserved> {
        let request = Reservation::new(reservation.charges(), Duration::from_secs(30 * 86_400))?;
        model.reserve(&request.with_id(reservation.id().clone())).await
    }
}

#[test]
fn a_reservation_that_never_runs_out() {
    broken_within(3, with(NeverRunsOut), &calls(&of(), 1..40), async |wrong, trial, calls| {
        quotas::reserved_is_the_sum_of_what_is_held(wrong, trial, &of(), calls).await
    });
}

/// Forgets what others hold when it judges a reserve.
#[derive(Debug)]
struct HeldIsFree;

#[async_trait]
impl QuotaFault for HeldIsFree {
    async fn reserve(&self, model: &Model, reservation: &Reservation) -> Result<Reserved> {
        let room = |quota: &Quota| {
            Quota::new(EXACT, quota.period())
                .and_then(|more| more.with_utc_offset_minutes(quota.utc_offset_minutes()))
                .unwrap()
        };
        for charge in reservation.charges() {
            let seen = model.check(charge.key(), charge.quota()).await?;
            if seen.used + charge.amount() > charge.quota().max() {
                return model.reserve(reservation).await;
            }
        }
        let ttl = Duration::from_millis(reservation.ttl_ms());
        let request = Reservation::new(by(reservation.charges(), room), ttl)?;
        model.reserve(&request.with_id(reservation.id().clone())).await
    }
}

#[test]
fn a_reserve_past_the_cap() {
    let why = broken_within(2, with(HeldIsFree), &calls(&of(), 1..40), async |wrong, trial, calls| {
        quotas::no_reserve_passes_the_cap(wrong, trial, &of(), calls).await
    });
    assert!(why.contains("refused: 0 used and"), "{why}");
}

/// Begins anew when a quota is changed: its counter is found by its cap too.
#[derive(Debug)]
struct FoundByItsCap;

impl FoundByItsCap {
    fn key(key: &Key, quota: &Quota) -> Key {
        Key::new(key.space(), &format!("{}/{}", key.subject(), quota.max())).unwrap()
    }

    fn charges(charges: &[QuotaCharge]) -> Vec<QuotaCharge> {
        let charge = |charge: &QuotaCharge| {
            QuotaCharge::new(Self::key(charge.key(), charge.quota()), *charge.quota(), charge.amount())
        };
        charges.iter().map(charge).collect()
    }
}

#[async_trait]
impl QuotaFault for FoundByItsCap {
    async fn check(&self, model: &Model, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        model.check(&Self::key(key, quota), quota).await
    }

    async fn record(&self, model: &Model, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        model.record(&Self::key(key, quota), quota, amount).await
    }

    async fn settle(&self, model: &Model, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let charges = Self::charges(settlement.charges());
        model.settle(&Settlement::new(settlement.id().clone(), charges)?).await
    }
}

#[test]
fn a_changed_quota_that_begins_anew() {
    let more = ["20/hour", "9/day at +05:30"].map(|text| text.parse::<Quota>().unwrap());
    broken_within(2, with(FoundByItsCap), &calls(&of(), 1..40), async |wrong, trial, calls| {
        quotas::a_changed_quota_keeps_the_counts(wrong, trial, &of(), &more, calls).await
    });
}

/// A month of thirty days.
#[derive(Debug)]
struct ThirtyDays(ManualClock);

#[async_trait]
impl QuotaFault for ThirtyDays {
    async fn check(&self, model: &Model, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let seen = model.check(key, quota).await?;
        let month_ms = 30 * 86_400_000;
        let left_ms = month_ms - self.0.now_ms() % month_ms;
        let reset_after = Duration::from_millis(left_ms);
        Ok(if quota.period() == Period::Month { QuotaOutcome { reset_after, ..seen } } else { seen })
    }
}

#[test]
fn a_month_that_isnt_the_calendars() {
    let of = ["7/month"].map(|text| text.parse::<Quota>().unwrap());
    let make = |clock: ManualClock| Wrong { model: Model::new(clock.clone()), fault: ThirtyDays(clock) };
    broken_within(1, make, &calls(&of, 1..40), async |wrong, trial, calls| {
        quotas::every_answer_is_what_the_definitions_say(wrong, trial, &of, calls).await
    });
}
