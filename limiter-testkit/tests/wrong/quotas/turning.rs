//! Faults about the turn of a period, and about clocks that step back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use limiter_core::{
    CLOCK_TOLERANCE_MS, Key, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result, Settlement,
    Span,
};

use super::ledger::{Ledger, Noted};
use super::wrong::{Fault, Right, with_fault, with_ttl};
use crate::judge::caught_by;

/// When a key's counter was changed last.
#[derive(Debug, Default)]
struct Written(Mutex<HashMap<Key, u64>>);

impl Written {
    fn at(&self, key: &Key, at_ms: u64) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last_ms = written.entry(key.clone()).or_default();
        *last_ms = at_ms.max(*last_ms);
    }

    fn last_ms(&self, key: &Key) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied().unwrap_or(0)
    }
}

fn span(quota: &Quota, at_ms: u64) -> Span {
    quota.period().span(at_ms, quota.utc_offset_minutes())
}

/// The key under which some fault counts instead.
fn elsewhere(key: &Key) -> Key {
    key.with_partition(&format!("elsewhere {:?}", key.partition())).unwrap()
}

/// Tells reservations that should be gone.
#[derive(Debug)]
struct StillHeld {
    held: fn(&Noted, Seen) -> bool,
    ledger: Ledger,
    written: Written,
}

/// When a counter is looked at.
#[derive(Clone, Copy)]
struct Seen {
    now_ms: u64,
    written_ms: u64,
    span: Span,
}

#[async_trait]
impl Fault for StillHeld {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let (outcome, now_ms) = (right.model.check(key, quota).await?, right.now_ms());
        let seen = Seen { now_ms, written_ms: self.written.last_ms(key), span: span(quota, now_ms) };
        let more = self.ledger.units(key, quota, |noted| (self.held)(noted, seen));
        Ok(QuotaOutcome { reserved: outcome.reserved + more, ..outcome })
    }

    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.written.at(key, right.now_ms());
        right.model.record(key, quota, amount).await
    }

    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        self.ledger.note(reservation, right.now_ms());
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.ledger.strike(settlement.id());
        right.model.settle(settlement).await
    }
}

fn still_held(held: fn(&Noted, Seen) -> bool) -> StillHeld {
    StillHeld { held, ledger: Ledger::default(), written: Written::default() }
}

#[test]
fn reservations_survive_the_turn() {
    let earlier = |noted: &Noted, seen: Seen| {
        let period_before = i64::try_from(noted.at_ms).unwrap() < seen.span.start_ms;
        period_before && seen.now_ms < noted.expires_ms
    };
    caught_by("quotas::reservations_are_gone_when_the_period_turns", || with_fault(still_held(earlier)));
}

#[test]
fn reservations_brought_back() {
    let run_out_when_written =
        |noted: &Noted, seen: Seen| seen.now_ms < noted.expires_ms && noted.expires_ms <= seen.written_ms;
    let case = "quotas::a_step_back_brings_no_reservation_back";
    caught_by(case, || with_fault(still_held(run_out_when_written)));
}

/// Counts under the period that the clock shows: where it steps back, under the one before.
#[derive(Debug, Default)]
struct TurnedBack(Written);

#[async_trait]
impl Fault for TurnedBack {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let (written_ms, now_ms) = (self.0.last_ms(key), right.now_ms());
        let turned_back = now_ms < written_ms && span(quota, now_ms) != span(quota, written_ms);
        right.model.check(&if turned_back { elsewhere(key) } else { key.clone() }, quota).await
    }

    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.0.at(key, if amount > 0 { right.now_ms() } else { 0 });
        right.model.record(key, quota, amount).await
    }
}

#[test]
fn turned_back() {
    caught_by("quotas::a_step_back_turns_no_period_back", || with_fault(TurnedBack::default()));
}

/// Turns the period for good when somebody looks.
#[derive(Debug, Default)]
struct TurnedByLooks(Written);

#[async_trait]
impl Fault for TurnedByLooks {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let (looked_ms, now_ms) = (self.0.last_ms(key), right.now_ms());
        self.0.at(key, now_ms);
        let turned = now_ms < looked_ms && span(quota, now_ms) != span(quota, looked_ms);
        right.model.check(&if turned { elsewhere(key) } else { key.clone() }, quota).await
    }
}

#[test]
fn turned_by_looks() {
    caught_by("quotas::what_changes_nothing_turns_no_period", || with_fault(TurnedByLooks::default()));
}

/// Holds from the clock on, or for longer, where the counter was changed later than that.
#[derive(Debug)]
struct HeldFrom(fn(u64, u64) -> u64, Written);

#[async_trait]
impl Fault for HeldFrom {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.1.at(key, right.now_ms());
        right.model.record(key, quota, amount).await
    }

    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let ahead_ms = self.1.last_ms(reservation.charges()[0].key()).saturating_sub(right.now_ms());
        right.model.reserve(&with_ttl(reservation, self.0(reservation.ttl_ms(), ahead_ms))?).await
    }
}

#[test]
fn held_from_another_time() {
    let case = "quotas::a_step_back_cuts_no_reservation_short";
    let cut_short = |ttl_ms, ahead_ms| ttl_ms - ahead_ms;
    caught_by(case, || with_fault(HeldFrom(cut_short, Written::default())));
    let prolonged = |ttl_ms, ahead_ms| ttl_ms + ahead_ms;
    caught_by(case, || with_fault(HeldFrom(prolonged, Written::default())));
}

/// Keeps the time of the counter, however far ahead of the clock it is.
#[derive(Debug, Default)]
struct AheadForGood(Written);

#[async_trait]
impl Fault for AheadForGood {
    fn told_ms(&self, key: &Key, _quota: &Quota, clock_ms: u64) -> u64 {
        let written_ms = self.0.last_ms(key);
        if written_ms > clock_ms + CLOCK_TOLERANCE_MS { written_ms } else { clock_ms }
    }

    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.0.at(key, right.now_ms());
        right.model.record(key, quota, amount).await
    }
}

#[test]
fn ahead_for_good() {
    let case = "quotas::a_counter_from_a_wrong_clock_is_taken_as_new";
    let broken = caught_by(case, || with_fault(AheadForGood::default()));
    assert_eq!(broken.wanted(), "0 used");
}

/// Takes a counter as new that is 60 s ahead, and not more.
#[derive(Debug, Default)]
struct TooStrict(Written);

#[async_trait]
impl Fault for TooStrict {
    async fn check(&self, right: &Right, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let as_new = self.0.last_ms(key) == right.now_ms() + CLOCK_TOLERANCE_MS;
        right.model.check(&if as_new { elsewhere(key) } else { key.clone() }, quota).await
    }

    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.0.at(key, right.now_ms());
        right.model.record(key, quota, amount).await
    }
}

#[test]
fn too_strict() {
    let case = "quotas::a_counter_from_a_wrong_clock_is_taken_as_new";
    let broken = caught_by(case, || with_fault(TooStrict::default()));
    assert_eq!(broken.wanted(), "3 used");
}
