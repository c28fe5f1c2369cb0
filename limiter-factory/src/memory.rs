//! The backend that counts in the process.

use std::future::ready;
use std::ops::RangeInclusive;

use limiter_memory::{Config, backend};

use crate::registration::Registration;
use crate::setting::Setting;

/// What sizes the backend takes.
const SIZES: RangeInclusive<u64> = 1..=1 << 32;

pub(crate) fn registration() -> Registration {
    let config = Config::default();
    let when_full = Setting::new("WHEN_FULL", "refuse or share").with_default(config.when_full().to_string());
    let quotas = "quota counters, reservations and settlements";
    Registration::new("memory", |config: Config| ready(backend(config)))
        .with_setting(size("CAPACITY", "rate counters", config.capacity()))
        .with_setting(when_full)
        .with_setting(size("LOG_ENTRIES", "entries of sliding logs", config.log_entries()))
        .with_setting(size("LEASES", "leases", config.leases()))
        .with_setting(size("QUOTA_ENTRIES", quotas, config.quota_entries()))
}

fn size(name: &str, of_what: &str, default: usize) -> Setting {
    Setting::number(name, of_what, SIZES).with_default(default.to_string())
}
