//! One lock's worth of counters.

use std::sync::{Mutex, MutexGuard};

use limiter_core::algorithm::{Counter, FixedWindow, SlidingLog, SlidingWindow, TokenBucket};
use limiter_core::{CLOCK_TOLERANCE_MS, Limit};
use slab::Slab;

use crate::key::Fingerprint;
use crate::layout::Layout;
use crate::lock::lock;
use crate::seq_lock::{SeqLock, Writing};
use crate::table::{Table, UNTIL, Words};

/// Stands in a word that no other algorithm fills with more than 2^53 − 1: the words are a sliding log's.
const LOG_MARK: u64 = u64::MAX;

/// How often a shard that is full of log entries is looked through for some that have expired.
const TRIM_LOGS_EVERY_MS: u64 = 100;

/// A share of the counters, on cache lines of its own.
///
/// A hit on a counter that exists reads it without a lock and writes it back alone (see [`SeqLock`]). Everything
/// else is done with the whole shard locked. In this order, such a hit touches one line of it.
#[repr(C, align(128))]
pub(crate) struct Shard {
    pub(crate) seq: SeqLock,
    pub(crate) own: Table,
    rest: Mutex<Rest>,
}

/// What only who has locked the shard may see. Its mutex is therefore never waited for.
struct Rest {
    shared: Table,
    logs: Slab<SlidingLog>,
    log_entries: usize,
    most_log_entries: usize,
    shared_places: usize,
    /// No counter becomes droppable before this time of the clock.
    droppable_at_ms: u64,
    trim_logs_at_ms: u64,
}

/// A shard that nobody else changes.
pub(crate) struct Locked<'a> {
    own: &'a Table,
    // Let go in this order: first what the sequence lock guards, then the lock.
    rest: MutexGuard<'a, Rest>,
    _writing: Writing<'a>,
}

/// Where a counter stands, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a slot of its own.
    Own(usize),
    /// Nowhere yet, and there is room.
    New,
    /// In a slot that other keys share.
    Shared(usize),
    /// Nowhere yet, and there is room only among the shared ones.
    NewShared,
    /// Nowhere, and there is no room.
    Nowhere,
}

impl Place {
    pub(crate) const fn is_shared(self) -> bool {
        matches!(self, Self::Shared(_) | Self::NewShared)
    }
}

impl Shard {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self {
            seq: SeqLock::default(),
            own: Table::new(layout.limit, layout.slots),
            rest: Mutex::new(Rest {
                shared: Table::new(layout.shared_limit, layout.shared_slots()),
                logs: Slab::new(),
                log_entries: 0,
                most_log_entries: layout.log_entries,
                shared_places: layout.shared_places,
                droppable_at_ms: 0,
                trim_logs_at_ms: 0,
            }),
        }
    }

    /// Locks it. Whoever locks several takes them in the order of their numbers.
    pub(crate) fn lock(&self) -> Locked<'_> {
        let writing = self.seq.write();
        Locked { own: &self.own, rest: lock(&self.rest), _writing: writing }
    }

    /// How many counters stand in it, expired ones that nothing has replaced yet among them.
    pub(crate) fn len(&self) -> usize {
        self.own.len()
    }
}

impl Locked<'_> {
    /// The slot of a counter of its own.
    pub(crate) fn find(&self, fingerprint: Fingerprint) -> Option<usize> {
        self.own.find(fingerprint)
    }

    /// Where a counter stands or would, once `pending` others have come before it.
    pub(crate) fn locate(&self, fingerprint: Fingerprint, limit: &Limit, pending: usize) -> Place {
        if let Some(slot) = self.own.find(fingerprint) {
            return Place::Own(slot);
        }
        if self.own.room() > pending {
            return Place::New;
        }
        match self.find_shared(fingerprint, limit) {
            Some(slot) => Place::Shared(slot),
            None if self.rest.shared.room() > pending => Place::NewShared,
            None => Place::Nowhere,
        }
    }

    /// Drops what has expired if there isn't room for `wanted` more. Slots found before may be gone after it.
    pub(crate) fn make_room(&mut self, wanted: usize, clock_ms: u64) {
        if self.own.room() < wanted && clock_ms >= self.rest.droppable_at_ms {
            self.drop_expired(clock_ms);
        }
    }

    /// The words that stand for a counter: its own, those it starts from, or none.
    pub(crate) fn words(&self, place: Place, fingerprint: Fingerprint, limit: &Limit) -> Option<Words> {
        match place {
            Place::Own(slot) => Some(self.own.words(slot)),
            Place::Shared(slot) => Some(self.rest.shared.words(slot)),
            // What the key used in a shared counter must not be forgotten now that it gets one of its own.
            Place::New if self.rest.shared.len() > 0 => {
                self.find_shared(fingerprint, limit).map(|slot| self.rest.shared.words(slot))
            }
            _ => None,
        }
    }

    /// Whether two counters may fall to one shared place.
    pub(crate) fn meet(&self, one: Fingerprint, other: Fingerprint) -> bool {
        one.shared_place(self.rest.shared_places) == other.shared_place(self.rest.shared_places)
    }

    /// Stores a counter's words.
    pub(crate) fn store(&mut self, place: Place, fingerprint: Fingerprint, limit: &Limit, words: Words) {
        match place {
            Place::Own(slot) => self.own.set_words(slot, words),
            _ => self.store_elsewhere(place, fingerprint, limit, words),
        }
    }

    #[cold]
    fn store_elsewhere(&mut self, place: Place, fingerprint: Fingerprint, limit: &Limit, words: Words) {
        match place {
            Place::Own(_) | Place::Nowhere => {}
            Place::Shared(slot) => self.rest.shared.set_words(slot, words),
            Place::New => {
                self.note_droppable(words);
                self.own.insert(fingerprint, words);
            }
            Place::NewShared => {
                self.note_droppable(words);
                self.rest.shared.insert(fingerprint.shared(self.rest.shared_places, limit), words);
            }
        }
    }

    /// Forgets a counter of its own.
    pub(crate) fn forget(&mut self, fingerprint: Fingerprint) {
        if let Some(slot) = self.own.find(fingerprint) {
            self.drop_log(self.own.words(slot));
            self.own.remove(slot);
        }
    }

    /// Whether the log at a place may take one more entry, after so many others have.
    pub(crate) fn has_log_room(
        &self,
        words: Option<Words>,
        limit: &Limit,
        clock_ms: u64,
        pending: usize,
    ) -> bool {
        let dropped = self.log(words).map_or(0, |log| log.expired(limit, clock_ms));
        self.rest.log_entries + pending < self.rest.most_log_entries + dropped
    }

    /// Drops entries that have left their logs' windows if there isn't room for `wanted` more.
    pub(crate) fn make_log_room(&mut self, wanted: usize, clock_ms: u64) {
        let rest = &mut *self.rest;
        if rest.log_entries + wanted <= rest.most_log_entries || clock_ms < rest.trim_logs_at_ms {
            return;
        }
        rest.trim_logs_at_ms = clock_ms.saturating_add(TRIM_LOGS_EVERY_MS);
        self.drop_expired(clock_ms);
        let Rest { shared, logs, log_entries, .. } = &mut *self.rest;
        for table in [self.own, &*shared] {
            trim_logs(table, clock_ms, logs, log_entries);
        }
    }

    /// Runs something on the log that words point to, keeping count of entries.
    pub(crate) fn with_log<T>(&mut self, words: Words, run: impl FnOnce(&mut SlidingLog) -> T) -> Option<T> {
        let Rest { logs, log_entries, .. } = &mut *self.rest;
        let log = logs.get_mut(log_index(words)?)?;
        let before = log.len();
        let answer = run(log);
        *log_entries = *log_entries + log.len() - before;
        Some(answer)
    }

    /// The log that words point to.
    pub(crate) fn log(&self, words: Option<Words>) -> Option<&SlidingLog> {
        self.rest.logs.get(log_index(words?)?)
    }

    /// Keeps a new log; tells the words that point to it.
    pub(crate) fn add_log(&mut self, log: SlidingLog, limit: &Limit) -> Words {
        self.rest.log_entries += log.len();
        let (written_ms, until) = (log.written_ms(), log_until(&log, limit));
        [self.rest.logs.insert(log) as u64, LOG_MARK, written_ms, until]
    }

    /// A log's words after it changed.
    pub(crate) fn log_words(&self, words: Words, limit: &Limit) -> Words {
        let Some(log) = self.log(Some(words)) else {
            return words;
        };
        [words[0], LOG_MARK, log.written_ms(), log_until(log, limit)]
    }

    fn find_shared(&self, fingerprint: Fingerprint, limit: &Limit) -> Option<usize> {
        match self.rest.shared_places {
            0 => None,
            places => self.rest.shared.find(fingerprint.shared(places, limit)),
        }
    }

    fn note_droppable(&mut self, words: Words) {
        self.rest.droppable_at_ms = self.rest.droppable_at_ms.min(droppable_at_ms(words));
    }

    /// Looks through all slots once. Afterwards it is known when the next one can be dropped, so that a flood of
    /// new keys on a full shard doesn't look again before that.
    fn drop_expired(&mut self, clock_ms: u64) {
        let Rest { shared, logs, log_entries, droppable_at_ms, .. } = &mut *self.rest;
        let own = drop_expired(self.own, clock_ms, logs, log_entries);
        *droppable_at_ms = drop_expired(shared, clock_ms, logs, log_entries).min(own);
    }

    fn drop_log(&mut self, words: Words) {
        let Rest { logs, log_entries, .. } = &mut *self.rest;
        drop_log(words, logs, log_entries);
    }
}

/// Drops expired counters; tells when the next of the others can be dropped.
fn drop_expired(table: &Table, clock_ms: u64, logs: &mut Slab<SlidingLog>, entries: &mut usize) -> u64 {
    let (mut next_ms, mut from) = (u64::MAX, 0);
    while let Some(slot) = table.next_used(from) {
        let words = table.words(slot);
        if droppable_at_ms(words) <= clock_ms {
            drop_log(words, logs, entries);
            table.remove(slot);
        } else {
            next_ms = next_ms.min(droppable_at_ms(words));
        }
        from = slot + 1;
    }
    next_ms
}

/// Drops the entries that have left their window, as much later as a clock may step back.
fn trim_logs(table: &Table, clock_ms: u64, logs: &mut Slab<SlidingLog>, entries: &mut usize) {
    let mut from = 0;
    while let Some(slot) = table.next_used(from) {
        from = slot + 1;
        let words = table.words(slot);
        let Some(log) = log_index(words).and_then(|index| logs.get_mut(index)) else { continue };
        if let Some(newest_ms) = log.newest_ms() {
            let before = log.len();
            log.drop_expired(words[UNTIL] - newest_ms, clock_ms.saturating_sub(CLOCK_TOLERANCE_MS));
            *entries -= before - log.len();
        }
    }
}

fn drop_log(words: Words, logs: &mut Slab<SlidingLog>, entries: &mut usize) {
    if let Some(log) = log_index(words).and_then(|index| logs.try_remove(index)) {
        *entries -= log.len();
    }
}

/// A counter is kept until it is as if never used, and as much longer as a clock may step back.
const fn droppable_at_ms(words: Words) -> u64 {
    words[UNTIL].saturating_add(CLOCK_TOLERANCE_MS)
}

fn log_index(words: Words) -> Option<usize> {
    if words[1] == LOG_MARK { usize::try_from(words[0]).ok() } else { None }
}

fn log_until(log: &SlidingLog, limit: &Limit) -> u64 {
    log.newest_ms().map_or(0, |newest_ms| newest_ms + limit.window_ms()).max(log.written_ms())
}

/// A counter whose whole state fits in its slot.
pub(crate) trait Packed: Counter + Copy {
    fn pack(&self, limit: &Limit) -> Words;
    fn unpack(words: Words, limit: &Limit) -> Self;
}

impl Packed for FixedWindow {
    #[inline]
    fn pack(&self, limit: &Limit) -> Words {
        [self.count, 0, self.written_ms, self.start_ms + limit.window_ms()]
    }

    #[inline]
    fn unpack([count, _, written_ms, until]: Words, limit: &Limit) -> Self {
        Self { start_ms: until - limit.window_ms(), count, written_ms }
    }
}

impl Packed for SlidingWindow {
    #[inline]
    fn pack(&self, limit: &Limit) -> Words {
        [self.previous, self.current, self.written_ms, self.start_ms + 2 * limit.window_ms()]
    }

    #[inline]
    fn unpack([previous, current, written_ms, until]: Words, limit: &Limit) -> Self {
        Self { start_ms: until - 2 * limit.window_ms(), previous, current, written_ms }
    }
}

impl Packed for TokenBucket {
    #[inline]
    fn pack(&self, _limit: &Limit) -> Words {
        [self.level, 0, self.written_ms, self.full_at_ms]
    }

    #[inline]
    fn unpack([level, _, written_ms, full_at_ms]: Words, _limit: &Limit) -> Self {
        Self { level, written_ms, full_at_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_as_large_as_the_sizes_say() {
        assert_eq!(size_of::<Shard>(), crate::layout::SHARD_BYTES);
    }
}
