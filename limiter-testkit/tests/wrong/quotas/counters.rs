//! Faults about what a counter belongs to, and about forgetting one.

use async_trait::async_trait;
use limiter_core::algorithm::SETTLED_MEMORY_MS;
use limiter_core::{
    Error, ErrorKind, Key, Period, Quota, QuotaOutcome, QuotaTracker, Reservation, Reserved, Result,
    Settlement,
};

use super::ledger::{Ledger, is_of};
use super::wrong::{Fault, Right, hold, with_fault};
use crate::judge::{caught_by, caught_by_all};

/// Writes a key down in a way that two may share.
#[derive(Debug)]
struct KeysWritten(fn(&Key) -> String);

#[async_trait]
impl Fault for KeysWritten {
    fn place(&self, key: &Key, quota: &Quota) -> (Key, Quota) {
        let written = self.0(key);
        // What is too long to stand in a key of the reference's is told by its end.
        let end = written.chars().rev().take(500).collect::<String>();
        (Key::new("written", &end).unwrap(), *quota)
    }
}

fn joined(key: &Key, by: &str) -> String {
    let partition = key.partition().map(|partition| format!("{by}{partition}"));
    format!("{}{by}{}{}", key.space(), key.subject(), partition.unwrap_or_default())
}

#[test]
fn keys_joined_without_escaping() {
    let ways: [fn(&Key) -> String; 5] = [
        |key| joined(key, ":"),
        |key| joined(key, ""),
        |key| joined(key, "."),
        |key| joined(key, "\n"),
        |key| joined(key, "\0"),
    ];
    let breaks = ways
        .map(|way| caught_by("quotas::keys_that_look_alike_count_apart", || with_fault(KeysWritten(way))));
    assert!(breaks.iter().all(|broken| broken.wanted().ends_with("used")));
}

/// The key with another subject, its parts told apart.
fn with_subject(key: &Key, subject: &str) -> String {
    format!("{}{subject:?}{:?}", key.space(), key.partition())
}

#[test]
fn keys_folded_or_cut() {
    let ways: [fn(&Key) -> String; 6] = [
        |key| with_subject(key, &key.subject().to_lowercase()),
        |key| with_subject(key, key.subject().trim()),
        |key| with_subject(key, key.subject().split('\0').next().unwrap()),
        |key| with_subject(key, &format!("{:.255}", key.subject())),
        |key| with_subject(key, &key.subject().replace(|c: char| !c.is_ascii(), "?")),
        |key| format!("{}{:?}", key.space(), key.subject()),
    ];
    for way in ways {
        caught_by("quotas::keys_that_look_alike_count_apart", || with_fault(KeysWritten(way)));
    }
}

/// Counts a key's months and weeks in one counter.
#[derive(Debug)]
struct MonthsAreWeeks;

#[async_trait]
impl Fault for MonthsAreWeeks {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        if quota.period() == Period::Month {
            let week = Quota::new(quota.max(), Period::Week)?;
            let week = week.with_utc_offset_minutes(quota.utc_offset_minutes())?;
            let _ = right.model.record(key, &week, amount).await?;
        }
        right.model.record(key, quota, amount).await
    }
}

#[test]
fn months_are_weeks() {
    caught_by("quotas::periods_of_one_key_count_apart", || with_fault(MonthsAreWeeks));
}

/// Tells offsets apart by their hours alone.
#[derive(Debug)]
struct OffsetsInHours;

#[async_trait]
impl Fault for OffsetsInHours {
    async fn record(&self, right: &Right, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let minutes = quota.utc_offset_minutes();
        let outcome = right.model.record(key, quota, amount).await?;
        if minutes % 60 != 0 {
            let other = quota.with_utc_offset_minutes(minutes / 60 * 60)?;
            let _ = right.model.record(key, &other, amount).await?;
        }
        Ok(outcome)
    }
}

#[test]
fn offsets_in_hours() {
    caught_by("quotas::offsets_of_one_key_count_apart", || with_fault(OffsetsInHours));
}

/// Takes another cap for another counter.
#[derive(Debug)]
struct CapsApart;

#[async_trait]
impl Fault for CapsApart {
    fn place(&self, key: &Key, quota: &Quota) -> (Key, Quota) {
        let apart = format!("{:?} up to {}", key.partition(), quota.max());
        (key.with_partition(&apart).unwrap(), *quota)
    }
}

#[test]
fn caps_apart() {
    caught_by("quotas::a_changed_cap_keeps_the_counts", || with_fault(CapsApart));
}

/// Forgets nothing.
#[derive(Debug)]
struct NothingForgotten;

#[async_trait]
impl Fault for NothingForgotten {
    async fn reset(&self, _right: &Right, _key: &Key, _quota: &Quota) -> Result<()> {
        Ok(())
    }
}

/// Who forgets nothing forgets settled ids neither.
#[test]
fn nothing_forgotten() {
    let cases = ["quotas::a_reset_forgets_what_was_used_and_held", "quotas::a_reset_forgets_settled_ids"];
    caught_by_all(&cases, || with_fault(NothingForgotten));
}

/// Forgets what was used, but keeps reservations, or settled ids.
#[derive(Debug, Default)]
struct LittleForgotten {
    keeps_holds: bool,
    keeps_settled: bool,
    held: Ledger,
    settled: Ledger,
}

#[async_trait]
impl Fault for LittleForgotten {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let now_ms = right.now_ms();
        let place = &reservation.charges()[0];
        let known = self.settled.get(reservation.id()).is_some_and(|noted| {
            now_ms < noted.at_ms + SETTLED_MEMORY_MS && is_of(&noted.charges[0], place.key(), place.quota())
        });
        if self.keeps_settled && known {
            return Err(Error::new(ErrorKind::Conflict, "settled already"));
        }
        self.held.note(reservation, now_ms);
        right.model.reserve(reservation).await
    }

    async fn settle(&self, right: &Right, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let reservation = Reservation::new(settlement.charges(), std::time::Duration::from_secs(1))?;
        if self.settled.get(settlement.id()).is_none() {
            self.settled.note(&reservation.with_id(settlement.id().clone()), right.now_ms());
        }
        self.held.strike(settlement.id());
        right.model.settle(settlement).await
    }

    async fn reset(&self, right: &Right, key: &Key, quota: &Quota) -> Result<()> {
        QuotaTracker::reset(&right.model, key, quota).await?;
        let held = if self.keeps_holds { self.held.units(key, quota, |_| true) } else { 0 };
        self.held.keep(|noted| !noted.charges.iter().any(|charge| is_of(charge, key, quota)));
        hold(right, key, quota, held).await
    }
}

#[test]
fn reservations_not_forgotten() {
    let fault = || with_fault(LittleForgotten { keeps_holds: true, ..LittleForgotten::default() });
    caught_by("quotas::a_reset_forgets_what_was_used_and_held", fault);
}

#[test]
fn settled_ids_not_forgotten() {
    let fault = || with_fault(LittleForgotten { keeps_settled: true, ..LittleForgotten::default() });
    caught_by("quotas::a_reset_forgets_settled_ids", fault);
}

/// Forgets all periods of the key.
#[derive(Debug)]
struct AllForgotten;

#[async_trait]
impl Fault for AllForgotten {
    async fn reset(&self, right: &Right, key: &Key, quota: &Quota) -> Result<()> {
        for period in Period::ALL {
            let other = Quota::new(1, period)?.with_utc_offset_minutes(quota.utc_offset_minutes())?;
            QuotaTracker::reset(&right.model, key, &other).await?;
        }
        Ok(())
    }
}

#[test]
fn all_forgotten() {
    caught_by("quotas::a_reset_forgets_no_other_counter", || with_fault(AllForgotten));
}
