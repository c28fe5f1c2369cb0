//! Keys, limits and quotas as a trace writes them.

use std::mem::take;
use std::time::Duration;

use limiter_core::{Key, Limit, LimitError, Period, Quota, Result};
use serde::Deserialize;

/// `[space, subject]`, or with a partition as the third.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a key is [space, subject] or [space, subject, partition]")]
pub(super) enum KeyText {
    Plain(String, String),
    Partitioned(String, String, String),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum LimitText {
    FixedWindow(Units),
    SlidingWindow(Units),
    SlidingLog(Units),
    TokenBucket(Bucket),
    Unlimited {},
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Units {
    max: u64,
    window_ms: u64,
    #[serde(default)]
    count_denied: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bucket {
    max: u64,
    window_ms: u64,
    burst: Option<u64>,
    #[serde(default)]
    count_denied: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaText {
    max: u64,
    period: PeriodText,
    #[serde(default)]
    utc_offset_minutes: i16,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PeriodText {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl KeyText {
    /// Puts it into a partition. One that it has already becomes part of its subject, so that keys stay apart.
    pub(super) fn put_into(&mut self, partition: &str) {
        let (space, subject) = match self {
            Self::Plain(space, subject) => (take(space), take(subject)),
            Self::Partitioned(space, subject, own) => (take(space), format!("{subject}\0{own}")),
        };
        *self = Self::Partitioned(space, subject, partition.to_owned());
    }

    pub(super) fn build(&self) -> Result<Key> {
        match self {
            Self::Plain(space, subject) => Key::new(space, subject),
            Self::Partitioned(space, subject, partition) => {
                Key::new(space, subject)?.with_partition(partition)
            }
        }
    }
}

impl LimitText {
    pub(super) fn build(&self) -> Result<Limit, LimitError> {
        let (limit, count_denied) = match self {
            Self::FixedWindow(units) => (units.build(Limit::fixed_window)?, units.count_denied),
            Self::SlidingWindow(units) => (units.build(Limit::sliding_window)?, units.count_denied),
            Self::SlidingLog(units) => (units.build(Limit::sliding_log)?, units.count_denied),
            Self::TokenBucket(bucket) => (bucket.build()?, bucket.count_denied),
            Self::Unlimited {} => (Limit::UNLIMITED, false),
        };
        if count_denied { limit.counting_denied() } else { Ok(limit) }
    }
}

impl Units {
    fn build(&self, limit: fn(u64, Duration) -> Result<Limit, LimitError>) -> Result<Limit, LimitError> {
        limit(self.max, Duration::from_millis(self.window_ms))
    }
}

impl Bucket {
    fn build(&self) -> Result<Limit, LimitError> {
        let limit = Limit::token_bucket(self.max, Duration::from_millis(self.window_ms))?;
        self.burst.map_or(Ok(limit), |burst| limit.with_burst(burst))
    }
}

impl QuotaText {
    pub(super) fn build(&self) -> Result<Quota, LimitError> {
        let period = match self.period {
            PeriodText::Hour => Period::Hour,
            PeriodText::Day => Period::Day,
            PeriodText::Week => Period::Week,
            PeriodText::Month => Period::Month,
            PeriodText::Year => Period::Year,
        };
        Quota::new(self.max, period)?.with_utc_offset_minutes(self.utc_offset_minutes)
    }
}
