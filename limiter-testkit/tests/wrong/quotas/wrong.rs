//! What all wrong quotas have in common: they are the reference but for one fault.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Clock, EXACT, Key, ManualClock, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation, Reserved,
    Result, Settlement,
};
use limiter_testkit::{Candidate, Model};

use crate::judge::with_quotas;

/// The reference, on a clock that a fault may set.
#[derive(Debug)]
pub(crate) struct Right {
    pub(crate) model: Model,
    /// The clock that the suite moves.
    clock: ManualClock,
    /// The clock of the reference.
    told: ManualClock,
}

/// One fault: each call is the reference's where it isn't overridden.
#[async_trait]
pub(crate) trait Fault: Debug + Send + Sync + 'static {
    /// The time at which a counter is asked.
    fn told_ms(&self, _key: &Key, _quota: &Quota, clock_ms: u64) -> u64 {
        clock_ms
    }

    /// The counter that is asked.
    fn place(&self, key: &Key, quota: &Quota) -> (Key, Quota) {
        (key.clone(), *quota)
    }

    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        right.model.check(key, quota).await
    }

    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        right.model.record(key, quota, amount).await
    }

    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        right.model.settle(settlement).await
    }

    async fn reset(&self, right: &Right, key: &Key, quota: &Quota) -> Result<()> {
        QuotaTracker::reset(&right.model, key, quota).await
    }
}

/// Quotas with one fault.
#[derive(Debug)]
struct Wrong<F> {
    fault: F,
    right: Right,
}

/// A candidate with that fault.
pub(crate) fn with_fault<F: Fault>(fault: F) -> Candidate {
    with_quotas(|clock| {
        let told = ManualClock::new(clock.now_ms());
        Wrong { fault, right: Right { model: Model::new(told.clone()), clock, told } }
    })
}

/// The same charges with other amounts.
pub(crate) fn with_amounts(charges: &[QuotaCharge], amount: impl Fn(u64) -> u64) -> Vec<QuotaCharge> {
    let other = |charge: &QuotaCharge| {
        QuotaCharge::new(charge.key().clone(), *charge.quota(), amount(charge.amount()))
    };
    charges.iter().map(other).collect()
}

/// The only charge of a reservation, where it has one.
pub(crate) fn lone(reservation: &Reservation) -> Option<&QuotaCharge> {
    if let [charge] = reservation.charges() { Some(charge) } else { None }
}

/// The same reservation by quotas of another cap.
pub(crate) fn with_max(reservation: &Reservation, max: u64) -> Result<Reservation> {
    let mut charges = Vec::new();
    for charge in reservation.charges() {
        let quota = charge.quota();
        let other = Quota::new(max, quota.period())?.with_utc_offset_minutes(quota.utc_offset_minutes())?;
        charges.push(QuotaCharge::new(charge.key().clone(), other, charge.amount()));
    }
    let other = Reservation::new(charges, Duration::from_millis(reservation.ttl_ms()))?;
    Ok(other.with_id(reservation.id().clone()))
}

/// The same reservation for another time.
pub(crate) fn with_ttl(reservation: &Reservation, ttl_ms: u64) -> Result<Reservation> {
    let other = Reservation::new(reservation.charges(), Duration::from_millis(ttl_ms))?;
    Ok(other.with_id(reservation.id().clone()))
}

/// Holds units for an hour under an id that nobody knows, whatever the cap.
pub(crate) async fn hold(right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<()> {
    let charge = QuotaCharge::new(key.clone(), *quota, amount);
    let reservation = Reservation::new([charge], Duration::from_secs(3_600))?;
    right.model.reserve(&with_max(&reservation, EXACT)?).await.map(drop)
}

/// The same outcomes, changed.
pub(crate) fn changed(reserved: Reserved, change: impl Fn(QuotaOutcome) -> QuotaOutcome) -> Reserved {
    match reserved {
        Reserved::Granted(outcomes) => Reserved::Granted(outcomes.into_iter().map(change).collect()),
        Reserved::Refused(outcomes) => Reserved::Refused(outcomes.into_iter().map(change).collect()),
    }
}

impl Right {
    /// The time that the suite has set.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Whatever its calendar, it tells the right end: how long a period is said to last is another promise.
    fn told_right(&self, quota: &Quota, outcome: QuotaOutcome) -> QuotaOutcome {
        let now_ms = self.clock.now_ms();
        let left_ms = quota.period().span(now_ms, quota.utc_offset_minutes()).left_ms(now_ms);
        QuotaOutcome { reset_after: Duration::from_millis(left_ms), ..outcome }
    }
}

impl<F: Fault> Wrong<F> {
    /// The counter that is asked, with the reference's clock set for it. Tells whether either is another.
    fn ask(&self, key: &Key, quota: &Quota) -> (Key, Quota, bool) {
        let clock_ms = self.right.clock.now_ms();
        let told_ms = self.fault.told_ms(key, quota, clock_ms);
        self.right.told.set_ms(told_ms);
        let (asked_key, asked_quota) = self.fault.place(key, quota);
        (asked_key, asked_quota, told_ms != clock_ms || asked_quota != *quota)
    }

    fn ask_all(&self, charges: &[QuotaCharge]) -> Vec<QuotaCharge> {
        let ask = |charge: &QuotaCharge| {
            let (key, quota, _) = self.ask(charge.key(), charge.quota());
            QuotaCharge::new(key, quota, charge.amount())
        };
        charges.iter().map(ask).collect()
    }

    fn told_all(&self, charges: &[QuotaCharge], outcomes: Vec<QuotaOutcome>) -> Vec<QuotaOutcome> {
        let told = |(charge, outcome): (&QuotaCharge, QuotaOutcome)| {
            let (_, _, other) = self.ask(charge.key(), charge.quota());
            if other { self.right.told_right(charge.quota(), outcome) } else { outcome }
        };
        charges.iter().zip(outcomes).map(told).collect()
    }
}

#[async_trait]
impl<F: Fault> QuotaTracker for Wrong<F> {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let (asked, asked_quota, other) = self.ask(key, quota);
        let outcome = self.fault.check(&self.right, &asked, &asked_quota).await?;
        Ok(if other { self.right.told_right(quota, outcome) } else { outcome })
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let (asked, asked_quota, other) = self.ask(key, quota);
        let outcome = self.fault.record(&self.right, &asked, &asked_quota, amount).await?;
        Ok(if other { self.right.told_right(quota, outcome) } else { outcome })
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let ttl = Duration::from_millis(reservation.ttl_ms());
        let asked = Reservation::new(self.ask_all(reservation.charges()), ttl)?;
        let reserved = self.fault.reserve(&self.right, &asked.with_id(reservation.id().clone())).await?;
        Ok(match reserved {
            Reserved::Granted(outcomes) => Reserved::Granted(self.told_all(reservation.charges(), outcomes)),
            refused @ Reserved::Refused(_) => refused,
        })
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let asked = Settlement::new(settlement.id().clone(), self.ask_all(settlement.charges()))?;
        let outcomes = self.fault.settle(&self.right, &asked).await?;
        Ok(self.told_all(settlement.charges(), outcomes))
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        let (key, quota, _) = self.ask(key, quota);
        self.fault.reset(&self.right, &key, &quota).await
    }
}
