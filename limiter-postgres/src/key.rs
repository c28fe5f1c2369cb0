//! How counters are called in PostgreSQL: bytes that no two counters share. `sql/key.sql` makes the same ones.

use limiter_core::{Algorithm, Key, Limit, Period, Quota};

/// Names for the counters of one prefix.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

/// The number of an algorithm in names and arguments; `None` for a limit that is unlimited, which counts nowhere.
pub(crate) const fn kind(limit: &Limit) -> Option<u8> {
    match limit.algorithm() {
        Algorithm::FixedWindow => Some(1),
        Algorithm::SlidingWindow => Some(2),
        Algorithm::SlidingLog => Some(3),
        Algorithm::TokenBucket => Some(4),
        _ => None,
    }
}

/// The number of a quota's period in names and arguments.
pub(crate) const fn period(quota: &Quota) -> u8 {
    match quota.period() {
        Period::Hour => 1,
        Period::Day => 2,
        Period::Week => 3,
        Period::Month => 4,
        _ => 5,
    }
}

impl Names {
    /// Names that start with this prefix, which holds no NUL, and one.
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// A key: what its leases stand under, and what the names of its counters start with.
    pub(crate) fn key(&self, key: &Key) -> Vec<u8> {
        self.with_room(key, 0)
    }

    /// The counter of a key for a limit of this kind.
    pub(crate) fn rate(&self, key: &Key, kind: u8, window_ms: u64) -> Vec<u8> {
        let mut name = self.with_room(key, 9);
        name.push(kind);
        name.extend_from_slice(&window_ms.to_be_bytes());
        name
    }

    /// The counter of a key for a quota.
    pub(crate) fn quota(&self, key: &Key, quota: &Quota) -> Vec<u8> {
        let mut name = self.with_room(key, 3);
        name.push(period(quota));
        name.extend_from_slice(&quota.utc_offset_minutes().to_be_bytes());
        name
    }

    fn with_room(&self, key: &Key, room: usize) -> Vec<u8> {
        let (space, subject) = (key.space(), key.subject());
        let partition = key.partition().unwrap_or_default();
        let length = self.prefix.len() + space.len() + subject.len() + partition.len() + 5 + room;
        let mut name = Vec::with_capacity(length);
        name.extend_from_slice(self.prefix.as_bytes());
        name.push(0);
        name.extend_from_slice(space.as_bytes());
        name.push(0);
        if let Some(partition) = key.partition() {
            name.push(1);
            // At most 512 bytes.
            let length = u16::try_from(partition.len()).unwrap_or(u16::MAX);
            name.extend_from_slice(&length.to_be_bytes());
            name.extend_from_slice(partition.as_bytes());
        } else {
            name.push(0);
        }
        name.extend_from_slice(subject.as_bytes());
        name
    }
}
