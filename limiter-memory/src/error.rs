//! What the memory backend errs with.

use limiter_core::{Error, ErrorKind};

#[cold]
pub(crate) fn counters_full() -> Error {
    full("counters", "LIMITER_MEMORY_CAPACITY", "with_capacity")
}

#[cold]
pub(crate) fn logs_full() -> Error {
    full("entries of sliding logs", "LIMITER_MEMORY_LOG_ENTRIES", "with_log_entries")
}

#[cold]
pub(crate) fn leases_full() -> Error {
    full("leases", "LIMITER_MEMORY_LEASES", "with_leases")
}

#[cold]
pub(crate) fn quotas_full() -> Error {
    full("quota entries", "LIMITER_MEMORY_QUOTA_ENTRIES", "with_quota_entries")
}

/// A counter whose log isn't there would be a fault of this package.
#[cold]
pub(crate) fn lost_log() -> Error {
    Error::new(ErrorKind::Internal, "a sliding log's entries are gone")
}

fn full(what: &str, variable: &str, setter: &str) -> Error {
    let message =
        format!("the memory backend holds as many {what} as it may; raise {variable} (Config::{setter})");
    Error::new(ErrorKind::Capacity, message)
}
