//! Every charge with its time.

use std::collections::VecDeque;

use super::counter::{Counter, has_room};
use crate::charge::Charge;
use crate::exact::effective_ms;
use crate::limit::Limit;

/// The state of a sliding log: the charges of the last window, oldest first.
///
/// An entry counts while `time + W > now`. Rolling leaves expired entries where they are, since a call that
/// charges nothing stores nothing; charging drops them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlidingLog {
    pub(crate) entries: VecDeque<Entry>,
    /// Units of all entries, the expired ones that still stand among them.
    pub(crate) total: u64,
    pub(crate) written_ms: u64,
}

/// Units charged at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at_ms: u64,
    pub(crate) units: u64,
}

impl SlidingLog {
    /// How many entries it holds: 16 bytes each.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The time of the newest entry.
    pub fn newest_ms(&self) -> Option<u64> {
        self.entries.back().map(|entry| entry.at_ms)
    }

    /// Whether a charge fits at the store's clock.
    pub fn fits(&self, charge: &Charge<'_>, clock_ms: u64) -> bool {
        let room = match effective_ms(clock_ms, self.written_ms) {
            Some(now_ms) => self.room(charge.limit(), now_ms),
            None => charge.limit().max().cast_signed(),
        };
        has_room(room, charge.cost())
    }

    fn sum(&self, limit: &Limit, now_ms: u64) -> u64 {
        let window_ms = limit.window_ms();
        let expired = self.entries.iter().take_while(|entry| !entry.is_live(window_ms, now_ms));
        self.total - expired.map(|entry| entry.units).sum::<u64>()
    }

    /// How many entries the next charge of a limit drops, at the store's clock.
    pub fn expired(&self, limit: &Limit, clock_ms: u64) -> usize {
        let Some(now_ms) = effective_ms(clock_ms, self.written_ms) else { return self.entries.len() };
        let window_ms = limit.window_ms();
        self.entries.iter().take_while(|entry| !entry.is_live(window_ms, now_ms)).count()
    }

    /// Drops entries that have left a window by a time. A store that makes room so leaves them in for as long as
    /// a clock may step back.
    pub fn drop_expired(&mut self, window_ms: u64, now_ms: u64) {
        while let Some(oldest) = self.entries.front().filter(|oldest| !oldest.is_live(window_ms, now_ms)) {
            self.total -= oldest.units;
            self.entries.pop_front();
        }
    }
}

impl Entry {
    fn is_live(&self, window_ms: u64, now_ms: u64) -> bool {
        self.at_ms + window_ms > now_ms
    }
}

impl Counter for SlidingLog {
    fn written_ms(&self) -> u64 {
        self.written_ms
    }

    fn roll(&mut self, _limit: &Limit, _now_ms: u64) {}

    fn room(&self, limit: &Limit, now_ms: u64) -> i64 {
        limit.max().cast_signed() - self.sum(limit, now_ms).cast_signed()
    }

    fn charge(&mut self, limit: &Limit, now_ms: u64, cost: u64) {
        self.drop_expired(limit.window_ms(), now_ms);
        match self.entries.back_mut() {
            Some(newest) if newest.at_ms == now_ms => newest.units += cost,
            _ => self.entries.push_back(Entry { at_ms: now_ms, units: cost }),
        }
        self.total += cost;
        self.written_ms = now_ms;
    }

    fn reset_after_ms(&self, limit: &Limit, now_ms: u64) -> u64 {
        self.newest_ms().map_or(0, |newest_ms| (newest_ms + limit.window_ms()).saturating_sub(now_ms))
    }

    fn retry_after_ms(&self, limit: &Limit, now_ms: u64, cost: u64) -> u64 {
        let room_for_others = limit.max().saturating_sub(cost);
        let mut sum = self.total;
        for entry in &self.entries {
            sum -= entry.units;
            if sum <= room_for_others {
                return (entry.at_ms + limit.window_ms()).saturating_sub(now_ms);
            }
        }
        0
    }

    fn refund(&mut self, limit: &Limit, now_ms: u64, cost: u64, charged_at_ms: u64) -> bool {
        let Ok(place) = self.entries.binary_search_by_key(&charged_at_ms, |entry| entry.at_ms) else {
            return false;
        };
        let Some(entry) = self.entries.get_mut(place) else {
            return false;
        };
        if cost == 0 || !entry.is_live(limit.window_ms(), now_ms) {
            return false;
        }
        let back = cost.min(entry.units);
        entry.units -= back;
        self.total -= back;
        if entry.units == 0 {
            self.entries.remove(place);
        }
        self.written_ms = now_ms;
        true
    }
}
