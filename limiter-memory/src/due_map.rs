//! A map whose values come up again when they are due, so that what has ended goes away by itself.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Values by key, each due at a time. There is one entry in the order for each value, so what was removed leaves
/// nothing behind.
#[derive(Debug)]
pub(crate) struct DueMap<K, V> {
    values: HashMap<K, Due<V>>,
    order: BTreeMap<(u64, u64), K>,
    serial: u64,
}

#[derive(Debug)]
struct Due<V> {
    value: V,
    place: (u64, u64),
}

impl<K, V> Default for DueMap<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: BTreeMap::new(), serial: 0 }
    }
}

impl<K: Clone + Eq + Hash, V> DueMap<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key).map(|due| &due.value)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Takes a value out.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        let due = self.values.remove(key)?;
        self.order.remove(&due.place);
        Some(due.value)
    }

    /// Puts a value in that isn't there.
    pub(crate) fn put(&mut self, key: K, value: V, due_ms: u64) {
        let place = (due_ms, self.serial);
        self.serial += 1;
        self.order.insert(place, key.clone());
        self.values.insert(key, Due { value, place });
    }

    /// Takes the value out that was due first, if that time has come.
    pub(crate) fn take_due(&mut self, now_ms: u64) -> Option<(K, V)> {
        let ((due_ms, _), _) = self.order.first_key_value()?;
        if *due_ms > now_ms {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        let due = self.values.remove(&key)?;
        Some((key, due.value))
    }
}
