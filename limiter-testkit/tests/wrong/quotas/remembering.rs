//! Faults about settled ids.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use limiter_core::algorithm::SETTLED_MEMORY_MS;
use limiter_core::{
    Error, ErrorKind, Key, Period, Quota, QuotaOutcome, QuotaTracker, Reservation, ReservationId, Reserved,
    Result, Settlement,
};

use super::wrong::{Fault, Right, with_fault};
use crate::judge::{caught_by, caught_by_all};

/// A settle as it was remembered: when it came first, when last, and whether it was to cancel.
#[derive(Clone, Copy, Debug)]
struct Settled {
    first_ms: u64,
    last_ms: u64,
    cancelled: bool,
    period: Period,
    last_of_its_key: bool,
}

/// Whether a settled id is still remembered at a time, by another idea than the right one.
type Remembered = fn(&Settled, u64) -> bool;

/// Another memory of settled ids, for settles and for reserves.
#[derive(Debug)]
struct Memory {
    settle: Remembered,
    reserve: Remembered,
    settled: Mutex<HashMap<(Key, ReservationId), Settled>>,
}

/// The right memory.
fn right(settled: &Settled, now_ms: u64) -> bool {
    now_ms < settled.first_ms + SETTLED_MEMORY_MS
}

fn memory(settle: Remembered, reserve: Remembered) -> Memory {
    Memory { settle, reserve, settled: Mutex::default() }
}

impl Memory {
    fn get(&self, key: &Key, id: &ReservationId) -> Option<Settled> {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.get(&(key.clone(), id.clone())).copied()
    }

    fn note(&self, key: &Key, id: &ReservationId, noted: Settled) {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        for ((other, _), settled) in settled.iter_mut() {
            settled.last_of_its_key &= other != key;
        }
        settled.insert((key.clone(), id.clone()), noted);
    }

    fn forget(&self, key: &Key) {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.retain(|(other, _), _| other != key);
    }
}

#[async_trait]
impl Fault for Memory {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let charge = &reservation.charges()[0];
        let Some(settled) = self.get(charge.key(), reservation.id()) else {
            return right.model.reserve(reservation).await;
        };
        if (self.reserve)(&settled, right.now_ms()) {
            return Err(Error::new(ErrorKind::Conflict, "settled already"));
        }
        right.model.reserve(&reservation.clone().with_id(ReservationId::random()?)).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let (charge, now_ms) = (&settlement.charges()[0], right.now_ms());
        let (known, cancelled) = (self.get(charge.key(), settlement.id()), charge.amount() == 0);
        let period = charge.quota().period();
        let new = Settled { first_ms: now_ms, last_ms: now_ms, cancelled, period, last_of_its_key: true };
        let noted = known.map_or(new, |settled| Settled { last_ms: now_ms, ..settled });
        self.note(charge.key(), settlement.id(), noted);
        let forgotten = known.is_some_and(|settled| !(self.settle)(&settled, now_ms));
        let id = if forgotten { ReservationId::random()? } else { settlement.id().clone() };
        right.model.settle(&Settlement::new(id, settlement.charges())?).await
    }

    async fn reset(&self, right: &Right, key: &Key, quota: &Quota) -> Result<()> {
        self.forget(key);
        QuotaTracker::reset(&right.model, key, quota).await
    }
}

/// Where nothing is remembered, no promise about remembering is kept.
#[test]
fn settled_twice_counted_twice() {
    let cases = [
        "quotas::a_settle_sent_again_counts_once",
        "quotas::a_cancelled_reservation_stays_cancelled",
        "quotas::a_settled_id_is_a_conflict_for_reserve",
        "quotas::a_settled_id_is_remembered_for_ten_minutes",
        "quotas::a_settled_id_stays_remembered_when_the_period_turns",
        "quotas::a_settle_counts_in_each_counter_that_has_not_settled",
        "quotas::one_settle_many_times_at_once_counts_once",
    ];
    let broken = caught_by_all(&cases, || with_fault(memory(|_, _| false, |_, _| false)));
    assert_eq!(broken.wanted(), "7 used");
}

#[test]
fn only_the_last_is_remembered() {
    let case = "quotas::a_settle_sent_again_counts_once";
    caught_by(case, || with_fault(memory(|settled, _| settled.last_of_its_key, right)));
}

#[test]
fn a_cancel_is_not_remembered() {
    let case = "quotas::a_cancelled_reservation_stays_cancelled";
    caught_by(case, || with_fault(memory(|settled, _| !settled.cancelled, right)));
}

#[test]
fn a_settled_id_can_be_reserved_at_once() {
    let case = "quotas::a_settled_id_is_a_conflict_for_reserve";
    let broken = caught_by(case, || with_fault(memory(right, |_, _| false)));
    assert_eq!(broken.wanted(), "the error `conflict`");
}

#[test]
fn forgotten_too_early() {
    let case = "quotas::a_settled_id_is_remembered_for_ten_minutes";
    let five_minutes: Remembered = |settled, now_ms| now_ms < settled.first_ms + 300_000;
    caught_by(case, || with_fault(memory(five_minutes, right)));
    let one_less: Remembered = |settled, now_ms| now_ms + 1 < settled.first_ms + SETTLED_MEMORY_MS;
    caught_by(case, || with_fault(memory(one_less, right)));
}

/// What is remembered a millisecond too long is so, too, when it was sent again.
#[test]
fn forgotten_too_late() {
    let cases = [
        "quotas::a_settled_id_is_remembered_for_ten_minutes",
        "quotas::a_settle_sent_again_is_not_remembered_for_longer",
    ];
    let one_more: Remembered = |settled, now_ms| now_ms <= settled.first_ms + SETTLED_MEMORY_MS;
    caught_by_all(&cases, || with_fault(memory(right, one_more)));
}

#[test]
fn remembered_from_the_last_on() {
    let case = "quotas::a_settle_sent_again_is_not_remembered_for_longer";
    let from_the_last: Remembered = |settled, now_ms| now_ms < settled.last_ms + SETTLED_MEMORY_MS;
    caught_by(case, || with_fault(memory(right, from_the_last)));
}

#[test]
fn forgotten_at_the_turn() {
    let case = "quotas::a_settled_id_stays_remembered_when_the_period_turns";
    let this_period: Remembered =
        |settled, now_ms| settled.period.span(settled.first_ms, 0) == settled.period.span(now_ms, 0);
    caught_by(case, || with_fault(memory(this_period, right)));
}
