//! A hash table of fixed size that never moves an entry.
//!
//! Slots stand in groups of seven. A group's word holds a tag byte for each slot (0: empty) and, in its top byte,
//! how many entries wanted the group and were put further on because it was full. A search goes on past a group
//! only while that count isn't 0; removing takes the count back along the way. So there are no tombstones, no
//! rehashing and no pauses, and an expired entry's slot is simply used again.
//! Source: the overflow counts of F14, N. Bronson and X. Shi, "Open-sourcing F14" (2019).

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use bytemuck::zeroed_slice_box;

use crate::key::{Fingerprint, spread};

/// Slots in a group.
const GROUP: usize = 7;
/// An overflow count that has reached this stays there: searches go on, which is slower and never wrong.
const STUCK: u64 = 255;
const EVERY_TAG: u64 = 0x0001_0101_0101_0101;
const TOP_BITS: u64 = 0x0080_8080_8080_8080;
const ONE_MORE: u64 = 1 << 56;

/// What a counter is stored as: three words of its algorithm's own, and the time from which it is as if never
/// used.
pub(crate) type Words = [u64; 4];

/// Where [`Words`] keep that time.
pub(crate) const UNTIL: usize = 3;

/// Counters by fingerprint, never more than a limit.
///
/// All of it is atomics, so that it can be read while somebody writes; what was read then is to be thrown away. Who
/// writes does so alone. Both is seen to by the lock of the shard it belongs to.
pub(crate) struct Table {
    groups: Box<[AtomicU64]>,
    /// Fingerprint and words, slot for slot. Pages of zeros that nothing was written to cost nothing.
    entries: Box<[[AtomicU64; 6]]>,
    len: AtomicUsize,
    limit: usize,
}

impl Table {
    /// A table for up to `limit` counters in at least `slots` slots. More slots than counters keep searches short.
    pub(crate) fn new(limit: usize, slots: usize) -> Self {
        let groups = groups_for(slots.max(limit));
        Self {
            groups: zeroed_slice_box(groups),
            entries: zeroed_slice_box(groups * GROUP),
            len: AtomicUsize::new(0),
            limit,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    /// How many more counters may come.
    pub(crate) fn room(&self) -> usize {
        self.limit - self.len()
    }

    /// The slot of a counter.
    #[inline]
    pub(crate) fn find(&self, fingerprint: Fingerprint) -> Option<usize> {
        let tag = tag_of(fingerprint);
        let mut group = self.home_of(fingerprint);
        for _ in 0..self.groups.len() {
            let word = self.group(group);
            let mut candidates = matches(word, tag);
            while candidates != 0 {
                let slot = group * GROUP + candidates.trailing_zeros() as usize / 8;
                if self.fingerprint(slot) == fingerprint {
                    return Some(slot);
                }
                candidates &= candidates - 1;
            }
            if word >> 56 == 0 {
                return None;
            }
            group = self.after(group);
        }
        None
    }

    /// The words of a counter.
    #[inline]
    pub(crate) fn words(&self, slot: usize) -> Words {
        let [_, _, a, b, c, until] = &self.entries[slot];
        [a.load(Relaxed), b.load(Relaxed), c.load(Relaxed), until.load(Relaxed)]
    }

    #[inline]
    pub(crate) fn set_words(&self, slot: usize, [a, b, c, until]: Words) {
        let entry = &self.entries[slot];
        entry[2].store(a, Relaxed);
        entry[3].store(b, Relaxed);
        entry[4].store(c, Relaxed);
        entry[5].store(until, Relaxed);
    }

    /// Adds a counter that isn't there yet. The caller has seen that there is room.
    pub(crate) fn insert(&self, fingerprint: Fingerprint, words: Words) {
        let tag = tag_of(fingerprint);
        let mut group = self.home_of(fingerprint);
        for _ in 0..self.groups.len() {
            let word = self.group(group);
            let free = matches(word, 0);
            if free != 0 {
                let place = free.trailing_zeros() / 8;
                self.groups[group].store(word | tag << (place * 8), Relaxed);
                self.set_entry(group * GROUP + place as usize, fingerprint, words);
                self.len.store(self.len() + 1, Relaxed);
                return;
            }
            if word >> 56 < STUCK {
                self.groups[group].store(word + ONE_MORE, Relaxed);
            }
            group = self.after(group);
        }
    }

    /// Removes the counter in a slot.
    pub(crate) fn remove(&self, slot: usize) {
        let (mut group, last) = (self.home_of(self.fingerprint(slot)), slot / GROUP);
        while group != last {
            let word = self.group(group);
            if word >> 56 < STUCK {
                self.groups[group].store(word - ONE_MORE, Relaxed);
            }
            group = self.after(group);
        }
        let tags = self.group(last) & !(0xFF << (slot % GROUP * 8));
        self.groups[last].store(tags, Relaxed);
        self.set_entry(slot, Fingerprint { high: 0, low: 0 }, [0; 4]);
        self.len.store(self.len() - 1, Relaxed);
    }

    /// The first slot that holds a counter, from a slot on.
    pub(crate) fn next_used(&self, from: usize) -> Option<usize> {
        (from..self.entries.len()).find(|slot| self.group(slot / GROUP) >> (slot % GROUP * 8) & 0xFF != 0)
    }

    #[inline]
    fn group(&self, group: usize) -> u64 {
        self.groups[group].load(Relaxed)
    }

    #[inline]
    fn fingerprint(&self, slot: usize) -> Fingerprint {
        let [high, low, ..] = &self.entries[slot];
        Fingerprint { high: high.load(Relaxed), low: low.load(Relaxed) }
    }

    fn set_entry(&self, slot: usize, fingerprint: Fingerprint, words: Words) {
        self.entries[slot][0].store(fingerprint.high, Relaxed);
        self.entries[slot][1].store(fingerprint.low, Relaxed);
        self.set_words(slot, words);
    }

    #[inline]
    fn home_of(&self, fingerprint: Fingerprint) -> usize {
        spread(fingerprint.seat().rotate_left(32), self.groups.len())
    }

    #[inline]
    fn after(&self, group: usize) -> usize {
        if group + 1 == self.groups.len() { 0 } else { group + 1 }
    }
}

/// How many bytes a table of so many slots takes.
pub(crate) const fn table_bytes(slots: usize) -> usize {
    groups_for(slots) * (size_of::<u64>() + GROUP * size_of::<[u64; 6]>())
}

const fn groups_for(slots: usize) -> usize {
    let groups = slots.div_ceil(GROUP);
    if groups == 0 { 1 } else { groups }
}

/// A tag of 1 to 255, from bits that say neither shard nor group.
#[inline]
fn tag_of(fingerprint: Fingerprint) -> u64 {
    (fingerprint.seat() & 0xFF).max(1)
}

/// A bit at the top of each slot's byte that may equal the tag. Those above a true match can be false.
#[inline]
fn matches(word: u64, tag: u64) -> u64 {
    let different = (word & !(0xFF << 56)) ^ (EVERY_TAG * tag);
    different.wrapping_sub(EVERY_TAG) & !different & TOP_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(number: u64) -> Fingerprint {
        Fingerprint { high: ((number + 1) << 8) | (number % 3), low: (number % 5) << 61 | number }
    }

    fn numbers(table: &Table) -> Vec<u64> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(slot) = table.next_used(from) {
            found.push(table.words(slot)[0]);
            from = slot + 1;
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn what_was_inserted_is_found_until_it_is_removed() {
        let table = Table::new(95, 100);
        let mut kept = std::collections::BTreeSet::new();
        let mut seed = 7_u64;
        for step in 0..200_000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step | 1);
            let number = seed >> 33 & 255;
            match table.find(fingerprint(number)) {
                Some(slot) => {
                    assert_eq!(table.words(slot)[0], number);
                    assert!(kept.remove(&number), "{number} was removed before");
                    table.remove(slot);
                }
                None if table.room() > 0 => {
                    assert!(kept.insert(number), "{number} is there and wasn't found");
                    table.insert(fingerprint(number), [number, 0, 0, 0]);
                }
                None => assert!(!kept.contains(&number), "{number} is there and wasn't found"),
            }
        }
        assert_eq!(numbers(&table), kept.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_full_table_holds_its_limit() {
        let table = Table::new(70, 70);
        for number in 0..70 {
            table.insert(fingerprint(number), [number, 0, 0, 0]);
        }
        assert_eq!((table.len(), table.room()), (70, 0));
        assert!((0..70).all(|number| table.find(fingerprint(number)).is_some()));
        assert!(table.find(fingerprint(70)).is_none());
    }

    #[test]
    fn emptied_it_stops_searching_at_the_first_group() {
        let table = Table::new(70, 70);
        for round in 0..300 {
            for number in 0..60 {
                table.insert(fingerprint(round * 1000 + number), [0; 4]);
            }
            while let Some(slot) = table.next_used(0) {
                table.remove(slot);
            }
            assert_eq!(table.len(), 0);
        }
        assert!(table.groups.iter().all(|word| word.load(Relaxed) == 0), "counts were left behind");
    }
}
