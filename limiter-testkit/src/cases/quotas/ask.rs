//! Asks a quota tracker, and remembers what was asked and when the store answered.

use std::time::{SystemTime, UNIX_EPOCH};

use limiter_core::{
    Clock, Error, ErrorKind, Key, Period, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation,
    Reserved, Result, Settlement,
};

use super::answer::QuotaAnswer;
use super::requests::{again_for, reserving};
use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// How often a case begins again, with new keys, where a stall made an attempt tell nothing.
pub(crate) const ATTEMPTS: usize = 20;
const HOUR_MS: u64 = 3_600_000;

/// A quota tracker under trial.
pub(crate) struct AskQuotas<'a> {
    quotas: &'a dyn QuotaTracker,
    promise: Promise,
}

/// A reservation that was granted, and when it runs out.
pub(crate) struct Held {
    pub(crate) reservation: Reservation,
    pub(crate) expires_ms: u64,
}

impl<'a> AskQuotas<'a> {
    pub(crate) fn new(quotas: &'a dyn QuotaTracker, promise: Promise) -> Self {
        Self { quotas, promise }
    }

    pub(crate) const fn promise(&self) -> &Promise {
        &self.promise
    }

    /// A key that nobody else has.
    pub(crate) fn key(&self, who: &str) -> Kept<Key> {
        self.promise.key(who)
    }

    /// A day's quota. The offset is such that the day began at least six hours ago and turns in six or more:
    /// so no case sees the turn that doesn't go there, and an answer's `reset_after` tells the store's time.
    pub(crate) fn quota(&self, max: u64) -> Kept<Quota> {
        self.quota_of(Period::Day, max)
    }

    /// The same of another period; an hour began, and turns, at least a quarter of an hour away.
    pub(crate) fn quota_of(&self, period: Period, max: u64) -> Kept<Quota> {
        let now_ms = self.about_ms();
        let quota = Quota::new(max, period)?;
        let (shortest, length_ms, other_minutes) = match period {
            Period::Hour => (Period::Hour, HOUR_MS, 30),
            _ => (Period::Day, 24 * HOUR_MS, 720),
        };
        let left_ms = shortest.span(now_ms, 0).left_ms(now_ms);
        let amid = left_ms >= length_ms / 4 && left_ms <= length_ms / 4 * 3;
        Ok(if amid { quota } else { quota.with_utc_offset_minutes(other_minutes)? })
    }

    /// When the current period of a quota ends.
    pub(crate) fn end_ms(&self, quota: &Quota) -> u64 {
        quota.period().span(self.about_ms(), quota.utc_offset_minutes()).end_ms
    }

    /// Looks at a counter.
    pub(crate) async fn check(&self, key: &Key, quota: &Quota) -> Kept<QuotaAnswer> {
        let asked = told("check", &[QuotaCharge::new(key.clone(), *quota, 0)]);
        let got = self.quotas.check(key, quota).await;
        self.answered(asked, quota, got.map(|outcome| (outcome.is_allowed(), vec![outcome])))
    }

    /// Counts what was used.
    pub(crate) async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Kept<QuotaAnswer> {
        let asked = told("record", &[QuotaCharge::new(key.clone(), *quota, amount)]);
        let got = self.quotas.record(key, quota, amount).await;
        self.answered(asked, quota, got.map(|outcome| (outcome.is_allowed(), vec![outcome])))
    }

    /// Counts what was used of a new key; the store may have no room for it.
    pub(crate) async fn record_if_room(&self, key: &Key, quota: &Quota, amount: u64) -> Kept {
        let asked = told("record", &[QuotaCharge::new(key.clone(), *quota, amount)]);
        match self.quotas.record(key, quota, amount).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Capacity => Ok(()),
            Err(error) => Err(self.promise.broken(asked, "an answer, or that there is no room", error)),
        }
    }

    /// Counts an amount that is out of bounds: an invalid request.
    pub(crate) async fn record_invalid(&self, key: &Key, quota: &Quota, amount: u64) -> Kept {
        let asked = told("record", &[QuotaCharge::new(key.clone(), *quota, amount)]);
        let got = self.quotas.record(key, quota, amount).await;
        self.failed(asked, ErrorKind::InvalidRequest, got)
    }

    /// Sets aside.
    pub(crate) async fn reserve(&self, reservation: &Reservation) -> Kept<QuotaAnswer> {
        self.reserved(reservation, self.quotas.reserve(reservation).await)
    }

    /// Sets aside in several counters, if the store can at all.
    pub(crate) async fn reserve_if_supported(&self, reservation: &Reservation) -> Kept<Option<QuotaAnswer>> {
        match self.quotas.reserve(reservation).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            got => self.reserved(reservation, got).map(Some),
        }
    }

    /// Sets aside under an id that is in use otherwise: a conflict.
    pub(crate) async fn reserve_conflicting(&self, reservation: &Reservation) -> Kept {
        let got = self.quotas.reserve(reservation).await;
        self.failed(told_reserve(reservation), ErrorKind::Conflict, got)
    }

    /// Sets units of one counter aside for a long time; they fit.
    pub(crate) async fn hold(&self, key: &Key, quota: &Quota, amount: u64) -> Kept<Reservation> {
        let reservation = reserving(key, quota, amount)?;
        self.reserve(&reservation).await?.allowed()?;
        Ok(reservation)
    }

    /// Sets units of one counter aside for so long; they fit.
    pub(crate) async fn hold_for(&self, key: &Key, quota: &Quota, amount: u64, ttl_ms: u64) -> Kept<Held> {
        let reservation = again_for(&reserving(key, quota, amount)?, ttl_ms)?;
        let expires_ms = self.reserve(&reservation).await?.allowed()?.at_ms() + ttl_ms;
        Ok(Held { reservation, expires_ms })
    }

    /// A new counter with so much used and set aside: nothing is asked where that is 0.
    pub(crate) async fn counter(&self, quota: &Quota, used: u64, reserved: u64) -> Kept<Key> {
        let key = self.key("user")?;
        if reserved > 0 {
            self.hold(&key, quota, reserved).await?;
        }
        if used > 0 {
            self.record(&key, quota, used).await?;
        }
        Ok(key)
    }

    /// Settles a reservation with what was really used, an amount for each charge.
    pub(crate) async fn settle(&self, reservation: &Reservation, actual: &[u64]) -> Kept<QuotaAnswer> {
        self.settle_as(&reservation.settlement(actual)?).await
    }

    /// Settles.
    pub(crate) async fn settle_as(&self, settlement: &Settlement) -> Kept<QuotaAnswer> {
        let asked = format!("{} under {}", told("settle", settlement.charges()), settlement.id());
        let got = self.quotas.settle(settlement).await;
        let allowed = |all: &[QuotaOutcome]| all.iter().all(QuotaOutcome::is_allowed);
        let answer = |outcomes: Vec<QuotaOutcome>| (allowed(&outcomes), outcomes);
        self.answered(asked, settlement.charges()[0].quota(), got.map(answer))
    }

    /// Forgets a counter.
    pub(crate) async fn reset(&self, key: &Key, quota: &Quota) -> Kept {
        let asked = told("reset", &[QuotaCharge::new(key.clone(), *quota, 0)]);
        let got = self.quotas.reset(key, quota).await;
        got.map_err(|error| self.promise.broken(asked, "it to be done", error))
    }

    /// Goes on to a time of the store: sets the clock that was handed in, or waits.
    pub(crate) async fn until(&self, at_ms: u64) -> Kept {
        if let Some(clock) = self.promise.clock() {
            clock.set_ms(at_ms);
            return Ok(());
        }
        let (key, quota) = (self.key("time")?, self.quota(1)?);
        loop {
            let now_ms = self.check(&key, &quota).await?.at_ms();
            if now_ms >= at_ms {
                return Ok(());
            }
            self.promise.pause(at_ms - now_ms).await;
        }
    }

    /// Goes on to the last millisecond before a time of the store; in real time a little sooner, so that the next
    /// call is most likely answered before it. Whether it was, its answer tells.
    pub(crate) async fn until_just_before(&self, at_ms: u64) -> Kept {
        let margin_ms = if self.promise.clock().is_some() { 1 } else { 60 };
        self.until(at_ms - margin_ms).await
    }

    /// That no attempt told anything.
    pub(crate) fn too_slow(&self) -> Broken {
        let wanted = format!("answers within {} ms", self.promise.short_ms());
        self.promise.broken(format!("{ATTEMPTS} attempts"), wanted, "later ones each time")
    }

    fn reserved(&self, reservation: &Reservation, got: Result<Reserved>) -> Kept<QuotaAnswer> {
        let answer = |reserved: Reserved| (reserved.is_granted(), reserved.outcomes().to_vec());
        self.answered(told_reserve(reservation), reservation.charges()[0].quota(), got.map(answer))
    }

    fn answered(
        &self,
        asked: String,
        quota: &Quota,
        got: Result<(bool, Vec<QuotaOutcome>)>,
    ) -> Kept<QuotaAnswer> {
        match got {
            Ok((allowed, outcomes)) => {
                let at_ms = self.at_ms(quota, &outcomes);
                let asked = format!("{asked}, at {at_ms}");
                Ok(QuotaAnswer::new(self.promise.clone(), asked, allowed, outcomes, at_ms))
            }
            Err(error) => Err(self.promise.broken(asked, "an answer", error)),
        }
    }

    fn failed<T: std::fmt::Debug>(&self, asked: String, wanted: ErrorKind, got: Result<T>) -> Kept {
        match got {
            Err(error) if error.kind() == wanted => Ok(()),
            got => {
                let got = got.map_or_else(|error: Error| error.to_string(), |answer| format!("{answer:?}"));
                Err(self.promise.broken(asked, format!("the error `{wanted}`"), got))
            }
        }
    }

    /// The store's time of an answer: in real time from how long its period still lasts.
    fn at_ms(&self, quota: &Quota, outcomes: &[QuotaOutcome]) -> u64 {
        match (self.promise.clock(), outcomes.first()) {
            (None, Some(outcome)) => {
                let left_ms = u64::try_from(outcome.reset_after.as_millis()).unwrap_or(u64::MAX);
                self.end_ms(quota).saturating_sub(left_ms)
            }
            _ => self.about_ms(),
        }
    }

    /// The store's time, as far as it is known without asking.
    fn about_ms(&self) -> u64 {
        self.promise.clock().map_or_else(system_ms, Clock::now_ms)
    }
}

fn system_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

fn told_reserve(reservation: &Reservation) -> String {
    let (charges, ttl_ms) = (told("reserve", reservation.charges()), reservation.ttl_ms());
    format!("{charges} under {} for {ttl_ms} ms", reservation.id())
}

/// A call in words.
fn told(verb: &str, charges: &[QuotaCharge]) -> String {
    let charge = |charge: &QuotaCharge| {
        let (key, quota) = (charge.key(), charge.quota());
        format!("{} of {}/{} by {quota}", charge.amount(), key.space(), key.subject().escape_debug())
    };
    format!("{verb} {}", charges.iter().map(charge).collect::<Vec<_>>().join(" and "))
}
