//! How much is kept, and what happens when that is full.

use limiter_core::{Error, ErrorKind, Result};

/// What a full store does with a key that it doesn't count yet. No live counter is ever dropped for a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum WhenFull {
    /// Refuses it with [`Capacity`](limiter_core::ErrorKind::Capacity) until something has expired.
    #[default]
    Refuse,
    /// Counts it in one of a fixed number of counters that several keys share. That may refuse too much and
    /// never admits too much; the decision's source is [`Overflow`](limiter_core::Source::Overflow).
    Share,
}

impl std::fmt::Display for WhenFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Share => "share",
        })
    }
}

/// How much the memory backend keeps.
///
/// The defaults hold a million counters in 61 MiB, which the system hands out as they are used.
///
/// ```
/// use limiter_memory::{Config, WhenFull};
///
/// let config = Config::default().with_capacity(100_000).with_when_full(WhenFull::Share);
/// assert!(config.rate_bytes() / 100_000 <= 75, "64 bytes a counter, and the shared ones");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Config {
    capacity: usize,
    when_full: WhenFull,
    log_entries: usize,
    leases: usize,
    quota_entries: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            capacity: 1_000_000,
            when_full: WhenFull::Refuse,
            log_entries: 1_000_000,
            leases: 100_000,
            quota_entries: 100_000,
        }
    }
}

/// The most of anything: what keeps sizes within reach of any machine's memory.
const MOST: usize = 1 << 32;

impl Config {
    /// How many rate counters fit: each is a key with one algorithm and window. 64 bytes each.
    #[must_use]
    pub const fn with_capacity(mut self, counters: usize) -> Self {
        self.capacity = counters;
        self
    }

    /// What happens to a new key when they are full.
    #[must_use]
    pub const fn with_when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// How many entries all sliding logs together hold: 16 bytes each, up to 32 while a log grows.
    #[must_use]
    pub const fn with_log_entries(mut self, entries: usize) -> Self {
        self.log_entries = entries;
        self
    }

    /// How many leases are held at a time, counted once for each of their keys: about 400 bytes each.
    #[must_use]
    pub const fn with_leases(mut self, leases: usize) -> Self {
        self.leases = leases;
        self
    }

    /// How many quota counters, reservations and remembered settlements fit together: about 400 bytes each.
    #[must_use]
    pub const fn with_quota_entries(mut self, entries: usize) -> Self {
        self.quota_entries = entries;
        self
    }

    /// How many rate counters fit.
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// What happens to a new key when they are full.
    pub const fn when_full(&self) -> WhenFull {
        self.when_full
    }

    /// How many entries all sliding logs together hold.
    pub const fn log_entries(&self) -> usize {
        self.log_entries
    }

    /// How many leases are held at a time.
    pub const fn leases(&self) -> usize {
        self.leases
    }

    /// How many quota counters, reservations and remembered settlements fit together.
    pub const fn quota_entries(&self) -> usize {
        self.quota_entries
    }

    /// Checks what was set.
    pub(crate) fn check(&self) -> Result<()> {
        check("capacity", self.capacity)?;
        check("log_entries", self.log_entries)?;
        check("leases", self.leases)?;
        check("quota_entries", self.quota_entries)
    }
}

fn check(field: &str, value: usize) -> Result<()> {
    if (1..=MOST).contains(&value) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, format!("memory {field} is {value}; accepted: 1 to {MOST}")))
}
