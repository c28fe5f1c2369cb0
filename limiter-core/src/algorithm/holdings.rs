//! Units held under ids until a time: what leases and reservations have in common.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Units held under ids, each until a time. What has expired counts no more, and is removed by
/// [`Holdings::drop_expired`]. The sum is kept, so that asking for it costs only what has expired since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holdings<I: Eq + Hash> {
    held: HashMap<I, Held>,
    by_expiry: BTreeSet<(u64, I)>,
    total: u64,
}

/// Units held under one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) units: u64,
    pub(crate) expires_ms: u64,
}

impl<I: Eq + Hash> Default for Holdings<I> {
    fn default() -> Self {
        Self { held: HashMap::new(), by_expiry: BTreeSet::new(), total: 0 }
    }
}

impl<I: Clone + Eq + Hash + Ord> Holdings<I> {
    /// What is held under an id now.
    pub(crate) fn get(&self, id: &I, now_ms: u64) -> Option<Held> {
        self.held.get(id).copied().filter(|held| now_ms < held.expires_ms)
    }

    /// All units held now.
    pub(crate) fn total(&self, now_ms: u64) -> u64 {
        let expired = self.by_expiry.iter().take_while(|(expires_ms, _)| *expires_ms <= now_ms);
        self.total - expired.map(|(_, id)| self.units(id)).sum::<u64>()
    }

    /// What is held now, the first to expire first.
    pub(crate) fn live(&self, now_ms: u64) -> impl Iterator<Item = (&I, Held)> {
        let live = self.by_expiry.iter().skip_while(move |(expires_ms, _)| *expires_ms <= now_ms);
        live.map(|(expires_ms, id)| (id, Held { units: self.units(id), expires_ms: *expires_ms }))
    }

    /// All that stands in it, expired or not, the first to expire first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&I, Held)> {
        let held = |units, expires_ms| Held { units, expires_ms };
        self.by_expiry.iter().map(move |(expires_ms, id)| (id, held(self.units(id), *expires_ms)))
    }

    /// Holds units under an id until a time, instead of what was held under it.
    pub(crate) fn put(&mut self, id: &I, units: u64, expires_ms: u64) {
        self.remove(id);
        self.held.insert(id.clone(), Held { units, expires_ms });
        self.by_expiry.insert((expires_ms, id.clone()));
        self.total += units;
    }

    /// Holds nothing under an id any more.
    pub(crate) fn remove(&mut self, id: &I) {
        if let Some(held) = self.held.remove(id) {
            self.by_expiry.remove(&(held.expires_ms, id.clone()));
            self.total -= held.units;
        }
    }

    /// Removes what has expired.
    pub(crate) fn drop_expired(&mut self, now_ms: u64) {
        while let Some((expires_ms, id)) = self.by_expiry.first() {
            if *expires_ms > now_ms {
                return;
            }
            let id = id.clone();
            self.remove(&id);
        }
    }

    /// Whether an id stands in it, expired or not.
    pub(crate) fn contains(&self, id: &I) -> bool {
        self.held.contains_key(id)
    }

    /// How many ids stand in it, expired or not.
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// The time at which the first of them expires.
    pub(crate) fn first_expiry_ms(&self) -> Option<u64> {
        self.by_expiry.first().map(|(expires_ms, _)| *expires_ms)
    }

    /// The time at which the last of them expires.
    pub(crate) fn last_expiry_ms(&self) -> Option<u64> {
        self.by_expiry.last().map(|(expires_ms, _)| *expires_ms)
    }

    fn units(&self, id: &I) -> u64 {
        self.held.get(id).map_or(0, |held| held.units)
    }
}
