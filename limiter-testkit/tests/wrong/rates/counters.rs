//! Faults about what is counted together.

use async_trait::async_trait;
use limiter_core::{Algorithm, Key, Limit, RateLimiter, Result};
use limiter_testkit::Model;

use super::calls::{Calls, calls};
use super::store::{Keeping, keeping, named};
use crate::judge::{caught_by, caught_by_all};

/// Whoever can't tell two counters of a key apart can't forget one of them alone.
const COUNTERS: &[&str] =
    &["rates::the_limits_of_a_key_count_apart", "rates::a_reset_forgets_no_other_counter"];

const KEYS: &str = "rates::keys_that_look_alike_count_apart";

/// Keeps the counters of all windows of a key under one name.
#[derive(Debug)]
struct WindowLeftOut;

impl Keeping for WindowLeftOut {
    fn name(&self, key: &Key, limit: &Limit) -> String {
        format!("{:?} {:?}", (key.space(), key.subject(), key.partition()), limit.algorithm())
    }
}

#[test]
fn window_left_out() {
    caught_by_all(COUNTERS, || keeping(WindowLeftOut));
}

/// Keeps the counters of all algorithms of a key under one name.
#[derive(Debug)]
struct AlgorithmLeftOut;

impl Keeping for AlgorithmLeftOut {
    fn name(&self, key: &Key, limit: &Limit) -> String {
        format!("{:?} {}", (key.space(), key.subject(), key.partition()), limit.window_ms())
    }
}

#[test]
fn algorithm_left_out() {
    caught_by_all(COUNTERS, || keeping(AlgorithmLeftOut));
}

/// Takes the same limit with another `max` for another limit.
#[derive(Debug)]
struct MaxInTheName;

impl Keeping for MaxInTheName {
    fn name(&self, key: &Key, limit: &Limit) -> String {
        let bucket = limit.algorithm() == Algorithm::TokenBucket;
        format!("{} {}", named(key, limit), if bucket { 0 } else { limit.max() })
    }
}

#[test]
fn max_in_the_name() {
    caught_by("rates::a_changed_max_keeps_the_count", || keeping(MaxInTheName));
}

/// Takes the same bucket with another burst for another one.
#[derive(Debug)]
struct BurstInTheName;

impl Keeping for BurstInTheName {
    fn name(&self, key: &Key, limit: &Limit) -> String {
        let bucket = limit.algorithm() == Algorithm::TokenBucket;
        format!("{} {}", named(key, limit), if bucket { limit.capacity() } else { 0 })
    }
}

#[test]
fn burst_in_the_name() {
    caught_by("rates::a_changed_burst_keeps_the_level", || keeping(BurstInTheName));
}

/// Writes the parts of a key one after the other, with something between.
#[derive(Debug)]
struct JoinedWithoutEscaping(&'static str);

impl Keeping for JoinedWithoutEscaping {
    fn name(&self, key: &Key, limit: &Limit) -> String {
        let algorithm = limit.algorithm().as_str();
        let (window_ms, partition) = (limit.window_ms(), key.partition());
        let parts = [algorithm, &window_ms.to_string(), key.space(), key.subject()];
        parts.into_iter().chain(partition).collect::<Vec<_>>().join(self.0)
    }
}

#[test]
fn joined_without_escaping() {
    for between in [":", "/", "|", "\0", "{", "\n", ""] {
        caught_by(KEYS, || keeping(JoinedWithoutEscaping(between)));
    }
}

/// Uses the partition to find the node, and not to tell keys apart.
#[derive(Debug)]
struct PartitionLeftOut;

impl Keeping for PartitionLeftOut {
    fn name(&self, key: &Key, limit: &Limit) -> String {
        named(&Key::new(key.space(), key.subject()).unwrap(), limit)
    }
}

#[test]
fn partition_left_out() {
    caught_by(KEYS, || keeping(PartitionLeftOut));
}

/// Takes two keys for one that differ in what a careless column, file or header makes of them.
#[derive(Debug)]
struct Careless(fn(&str) -> String);

impl Keeping for Careless {
    fn name(&self, key: &Key, limit: &Limit) -> String {
        (self.0)(&format!("{:?} {:?} {}", limit.algorithm(), key.partition(), key.space()))
            + &format!("{} {}", limit.window_ms(), (self.0)(key.subject()))
    }
}

#[test]
fn upper_case_folded() {
    caught_by(KEYS, || keeping(Careless(str::to_lowercase)));
}

#[test]
fn trailing_spaces_dropped() {
    caught_by(KEYS, || keeping(Careless(|text| text.trim_end().to_owned())));
}

#[test]
fn cut_at_a_nul() {
    let cut = |text: &str| text.split('\0').next().unwrap_or_default().to_owned();
    caught_by(KEYS, || keeping(Careless(cut)));
}

#[test]
fn cut_at_255_characters() {
    let cut = |text: &str| text.chars().take(255).collect();
    caught_by(KEYS, || keeping(Careless(cut)));
}

/// Forgets all counters of a key.
#[derive(Debug)]
struct ResetOfTheWholeKey;

#[async_trait]
impl Calls for ResetOfTheWholeKey {
    async fn reset(&self, right: &Model, key: &Key, limit: &Limit) -> Result<()> {
        for window in [limit.window() / 2, limit.window(), limit.window() * 2] {
            for make in [Limit::fixed_window, Limit::sliding_window, Limit::sliding_log, Limit::token_bucket]
            {
                if let Ok(other) = make(1, window) {
                    RateLimiter::reset(right, key, &other).await?;
                }
            }
        }
        Ok(())
    }
}

#[test]
fn reset_of_the_whole_key() {
    caught_by("rates::a_reset_forgets_no_other_counter", || calls(ResetOfTheWholeKey));
}

/// Looks for what is to be forgotten outside every partition.
#[derive(Debug)]
struct ResetOutsideThePartition;

#[async_trait]
impl Calls for ResetOutsideThePartition {
    async fn reset(&self, right: &Model, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(right, &Key::new(key.space(), key.subject())?, limit).await
    }
}

#[test]
fn reset_outside_the_partition() {
    caught_by("rates::a_reset_forgets_its_counter", || calls(ResetOutsideThePartition));
}
