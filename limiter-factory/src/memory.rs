//! The backend that counts in the process.

use std::future::ready;
use std::ops::RangeInclusive;

use limiter_memory::{Config, backend};

use crate::registration::Registration;
use crate::setting::Setting;

/// What sizes the backend takes.
const SIZES: RangeInclusive<u64> = 1..=1 << 32;

pub(crate) fn registration() -> Registration {
    Registration::new("memory", |config: Config| ready(backend(config)))
        .with_setting(Setting::number("CAPACITY", "rate counters", SIZES))
        .with_setting(Setting::new("WHEN_FULL", "refuse or share"))
        .with_setting(Setting::number("LOG_ENTRIES", "entries of sliding logs", SIZES))
        .with_setting(Setting::number("LEASES", "leases", SIZES))
        .with_setting(Setting::number("QUOTA_ENTRIES", "quota counters, reservations and settlements", SIZES))
}
