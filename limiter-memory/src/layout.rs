//! How a capacity is spread over shards.

use crate::config::{Config, WhenFull};
use crate::table::table_bytes;

/// Counters a shard is meant for. Small enough that looking through all of it takes microseconds.
const SHARD_COUNTERS: usize = 4096;
/// Shards to have at least, so that threads seldom meet, once there is enough to spread.
const LEAST_SHARDS: usize = 64;
/// Up to this capacity one shard holds exactly as many as asked for.
const ONE_SHARD: usize = 1024;
/// One place among the shared counters for so many of their own.
const COUNTERS_PER_SHARED_PLACE: usize = 64;
/// How many algorithms and windows have room at every shared place.
const CLASSES: usize = 8;

/// Sizes of shards and their tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) shards: usize,
    /// The most counters in one shard.
    pub(crate) limit: usize,
    pub(crate) slots: usize,
    /// How many shared counters the keys of a shard are spread over; 0 for none.
    pub(crate) shared_places: usize,
    /// The most shared counters in one shard, over all algorithms and windows.
    pub(crate) shared_limit: usize,
    /// The most entries of sliding logs in one shard.
    pub(crate) log_entries: usize,
}

impl Layout {
    pub(crate) fn of(config: &Config) -> Self {
        let capacity = config.capacity();
        let shards =
            if capacity <= ONE_SHARD { 1 } else { capacity.div_ceil(SHARD_COUNTERS).max(LEAST_SHARDS) };
        let mean = capacity.div_ceil(shards);
        // Keys fall on shards at random: six deviations above the mean are never met.
        let limit = if shards == 1 { capacity } else { mean + 6 * mean.isqrt() + 6 };
        let slots = (mean * 5 / 4).max(limit + limit / 32);
        let shared = match config.when_full() {
            WhenFull::Refuse => 0,
            WhenFull::Share => mean.div_ceil(COUNTERS_PER_SHARED_PLACE).max(4),
        };
        let logs = config.log_entries().div_ceil(shards);
        let log_entries = if shards == 1 { logs } else { logs + 6 * logs.isqrt() };
        Self { shards, limit, slots, shared_places: shared, shared_limit: shared * CLASSES, log_entries }
    }

    /// The bytes of all tables, when every slot has been used.
    pub(crate) fn bytes(&self) -> usize {
        self.shards * (table_bytes(self.slots) + table_bytes(self.shared_slots()) + SHARD_BYTES)
    }

    pub(crate) const fn shared_slots(&self) -> usize {
        self.shared_limit + self.shared_limit / 4
    }
}

/// A shard's own fields, on cache lines that no other shard shares.
pub(crate) const SHARD_BYTES: usize = 256;

impl Config {
    /// The bytes that rate counters take once all are in use, without the entries of sliding logs.
    ///
    /// ```
    /// use limiter_memory::Config;
    ///
    /// let config = Config::default();
    /// assert!(config.rate_bytes() / config.capacity() <= 64);
    /// ```
    pub fn rate_bytes(&self) -> usize {
        Layout::of(self).bytes()
    }
}
