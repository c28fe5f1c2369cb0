//! A hash table of fixed size that never moves an entry.
//!
//! Slots stand in groups of seven. A group's word holds a tag byte for each slot (0: empty) and, in its top byte,
//! how many entries wanted the group and were put further on because it was full. A search goes on past a group
//! only while that count isn't 0; removing takes the count back along the way. So there are no tombstones, no
//! rehashing and no pauses, and an expired entry's slot is simply used again.
//! Source: the overflow counts of F14, N. Bronson and X. Shi, "Open-sourcing F14" (2019).

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
pub(crate) struct Table {
    groups: Box<[u64]>,
    /// Fingerprint and words, slot for slot. Zero pages that nothing was written to cost nothing.
    entries: Box<[[u64; 6]]>,
    len: usize,
    limit: usize,
}

impl Table {
    /// A table for up to `limit` counters in at least `slots` slots. More slots than counters keep searches short.
    pub(crate) fn new(limit: usize, slots: usize) -> Self {
        let groups = slots.max(limit).div_ceil(GROUP).max(1);
        Self { groups: vec![0; groups].into(), entries: vec![[0; 6]; groups * GROUP].into(), len: 0, limit }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// How many more counters may come.
    pub(crate) const fn room(&self) -> usize {
        self.limit - self.len
    }

    /// The slot of a counter.
    #[inline]
    pub(crate) fn find(&self, fingerprint: Fingerprint) -> Option<usize> {
        let tag = tag_of(fingerprint);
        let mut group = self.home_of(fingerprint);
        for _ in 0..self.groups.len() {
            let word = self.groups[group];
            let mut candidates = matches(word, tag);
            while candidates != 0 {
                let slot = group * GROUP + candidates.trailing_zeros() as usize / 8;
                let entry = &self.entries[slot];
                if entry[0] == fingerprint.high && entry[1] == fingerprint.low {
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
        let [_, _, a, b, c, until] = self.entries[slot];
        [a, b, c, until]
    }

    #[inline]
    pub(crate) fn set_words(&mut self, slot: usize, [a, b, c, until]: Words) {
        // Word by word: copied as one, the processor would wait for the single stores that have just made them.
        let entry = &mut self.entries[slot];
        entry[2] = a;
        entry[3] = b;
        entry[4] = c;
        entry[5] = until;
    }

    /// Adds a counter that isn't there yet. The caller has seen that there is room.
    pub(crate) fn insert(&mut self, fingerprint: Fingerprint, words: Words) {
        let tag = tag_of(fingerprint);
        let mut group = self.home_of(fingerprint);
        for _ in 0..self.groups.len() {
            let free = matches(self.groups[group], 0);
            if free != 0 {
                let place = free.trailing_zeros() / 8;
                self.groups[group] |= tag << (place * 8);
                let [a, b, c, until] = words;
                self.entries[group * GROUP + place as usize] =
                    [fingerprint.high, fingerprint.low, a, b, c, until];
                self.len += 1;
                return;
            }
            if self.groups[group] >> 56 < STUCK {
                self.groups[group] += ONE_MORE;
            }
            group = self.after(group);
        }
    }

    /// Removes the counter in a slot.
    pub(crate) fn remove(&mut self, slot: usize) {
        let [high, low, ..] = self.entries[slot];
        let (mut group, last) = (self.home_of(Fingerprint { high, low }), slot / GROUP);
        while group != last {
            if self.groups[group] >> 56 < STUCK {
                self.groups[group] -= ONE_MORE;
            }
            group = self.after(group);
        }
        self.groups[last] &= !(0xFF << (slot % GROUP * 8));
        self.entries[slot] = [0; 6];
        self.len -= 1;
    }

    /// The slots that hold a counter, from a slot on.
    pub(crate) fn next_used(&self, from: usize) -> Option<usize> {
        (from..self.entries.len()).find(|slot| self.groups[slot / GROUP] >> (slot % GROUP * 8) & 0xFF != 0)
    }

    #[inline]
    fn home_of(&self, fingerprint: Fingerprint) -> usize {
        spread(fingerprint.low, self.groups.len())
    }

    #[inline]
    fn after(&self, group: usize) -> usize {
        if group + 1 == self.groups.len() { 0 } else { group + 1 }
    }
}

/// How many bytes a table of so many slots takes.
pub(crate) const fn table_bytes(slots: usize) -> usize {
    slots.div_ceil(GROUP) * (size_of::<u64>() + GROUP * size_of::<[u64; 6]>())
}

/// A tag of 1 to 255, from bits that say neither shard nor group.
#[inline]
fn tag_of(fingerprint: Fingerprint) -> u64 {
    (fingerprint.high & 0xFF).max(1)
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
        // Few homes and few tags, so that groups fill up and searches go on.
        Fingerprint { high: number << 8 | number % 3, low: (number % 5) << 61 | number }
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
        let mut table = Table::new(95, 100);
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
        let mut table = Table::new(70, 70);
        for number in 0..70 {
            table.insert(fingerprint(number), [number, 0, 0, 0]);
        }
        assert_eq!((table.len(), table.room()), (70, 0));
        assert!((0..70).all(|number| table.find(fingerprint(number)).is_some()));
        assert!(table.find(fingerprint(70)).is_none());
    }

    #[test]
    fn emptied_it_stops_searching_at_the_first_group() {
        let mut table = Table::new(70, 70);
        for round in 0..300 {
            for number in 0..60 {
                table.insert(fingerprint(round * 1000 + number), [0; 4]);
            }
            while let Some(slot) = table.next_used(0) {
                table.remove(slot);
            }
            assert_eq!(table.len(), 0);
        }
        assert!(table.groups.iter().all(|word| *word == 0), "counts were left behind: {:x?}", table.groups);
    }
}
