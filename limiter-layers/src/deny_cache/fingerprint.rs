//! What a counter is remembered by.

use std::hash::{BuildHasher, RandomState};

use limiter_core::{Key, Limit};

/// Makes fingerprints of counters: 128 bits of a keyed hash over key, algorithm and window, so that looking one up
/// allocates nothing, and nobody can choose two keys that meet.
#[derive(Debug, Default)]
pub(super) struct Fingerprinter {
    high: RandomState,
    low: RandomState,
}

impl Fingerprinter {
    pub(super) fn of(&self, key: &Key, limit: &Limit) -> u128 {
        let counter = (key.parts(), limit.algorithm(), limit.window_ms());
        let (high, low) = (self.high.hash_one(counter), self.low.hash_one(counter));
        u128::from(high) << 64 | u128::from(low)
    }
}
