//! The quota counters of one key.

use std::collections::BTreeMap;

use super::bytes::{Reader, put, put_count};
use super::held;
use super::layout::State;
use crate::algorithm::QuotaCounter;
use crate::period::Period;
use crate::quota::{MAX_UTC_OFFSET_MINUTES, Quota};

/// Quota counters by period and offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cas) struct QuotaCounters {
    counters: BTreeMap<(u8, i16), QuotaCounter>,
}

impl QuotaCounters {
    /// The counter of a quota.
    pub(in crate::cas) fn counter(&self, quota: &Quota) -> QuotaCounter {
        self.counters.get(&id(quota)).cloned().unwrap_or_default()
    }

    /// Keeps the counter of a quota.
    pub(in crate::cas) fn put(&mut self, quota: &Quota, counter: QuotaCounter) {
        if counter != QuotaCounter::default() {
            self.counters.insert(id(quota), counter);
        }
    }

    /// Forgets the counter of a quota.
    pub(in crate::cas) fn remove(&mut self, quota: &Quota) {
        self.counters.remove(&id(quota));
    }
}

/// What tells counters of one key apart.
fn id(quota: &Quota) -> (u8, i16) {
    let tag = match quota.period() {
        Period::Hour => 1,
        Period::Day => 2,
        Period::Week => 3,
        Period::Month => 4,
        Period::Year => 5,
    };
    (tag, quota.utc_offset_minutes())
}

impl State for QuotaCounters {
    const FIRST: u8 = 0x13;
    const WHAT: &'static str = "quota counters";

    fn is_empty(&self) -> bool {
        self.counters.is_empty()
    }

    fn idle_at_ms(&self) -> u64 {
        self.counters.values().map(QuotaCounter::idle_at_ms).max().unwrap_or(0)
    }

    fn drop_ended(&mut self, ended_ms: u64) {
        self.counters.retain(|_, counter| counter.idle_at_ms() > ended_ms);
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_count(to, self.counters.len());
        for ((tag, offset), counter) in &self.counters {
            to.push(*tag);
            to.extend(offset.to_le_bytes());
            to.extend(counter.start_ms.to_le_bytes());
            put(to, [counter.end_ms, counter.written_ms, counter.used]);
            held::write(&counter.held, to);
            held::write(&counter.settled, to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (count, mut counters) = (from.count()?, BTreeMap::new());
        for _ in 0..count {
            let id = (from.byte()?, from.short()?);
            let follows = counters.last_key_value().is_none_or(|(last, _)| *last < id);
            let known =
                (1..=5).contains(&id.0) && id.1.unsigned_abs() <= MAX_UTC_OFFSET_MINUTES.unsigned_abs();
            if !follows || !known {
                return None;
            }
            counters.insert(id, read_counter(from)?);
        }
        Some(Self { counters })
    }
}

fn read_counter(from: &mut Reader<'_>) -> Option<QuotaCounter> {
    let (start_ms, end_ms, written_ms) = (from.signed()?, from.number()?, from.exact()?);
    let counter = QuotaCounter {
        start_ms,
        end_ms,
        written_ms,
        used: from.exact()?,
        held: held::read(from)?,
        settled: held::read(from)?,
    };
    // The period is the one in which it was last written, and what is settled holds nothing.
    let in_period = start_ms <= written_ms.cast_signed() && written_ms < end_ms;
    let holds_nothing = counter.settled.all().all(|(_, held)| held.units == 0);
    (in_period && holds_nothing).then_some(counter)
}
