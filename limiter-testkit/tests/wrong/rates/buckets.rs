//! Faults about how tokens flow in.

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Charge, Limit};

use super::store::{Keeping, keeping};
use crate::judge::caught_by;

/// Stores whole tokens: the part of one that has flowed in is lost with each hit.
#[derive(Debug)]
struct WholeTokens;

impl Keeping for WholeTokens {
    fn store(&self, _before: &AnyCounter, after: &mut AnyCounter, charge: &Charge<'_>, _clock_ms: u64) {
        if let AnyCounter::TokenBucket(bucket) = after {
            bucket.level -= bucket.level % charge.limit().window_ms();
        }
    }
}

#[test]
fn whole_tokens() {
    caught_by("rates::a_bucket_loses_no_part_of_a_token", || keeping(WholeTokens));
}

/// Lets tokens flow in once a second.
#[derive(Debug)]
pub(crate) struct WholeSeconds;

impl Keeping for WholeSeconds {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        let AnyCounter::TokenBucket(bucket) = counter else { return };
        let part_ms = clock_ms.saturating_sub(bucket.written_ms) % 1_000;
        if bucket.full_at_ms > 0 && part_ms > 0 {
            bucket.level = bucket.level.saturating_sub(part_ms * limit.max());
            bucket.full_at_ms = u64::MAX;
        }
    }
}

#[test]
fn whole_seconds() {
    let broken = caught_by("rates::a_bucket_refills_evenly", || keeping(WholeSeconds));
    assert_eq!(broken.wanted(), "allowed");
}

/// Holds as much as flows in within a window, whatever the burst.
#[derive(Debug)]
struct BurstIgnored;

impl Keeping for BurstIgnored {
    fn held_to(&self, _counter: &AnyCounter, charge: &Charge<'_>, _clock_ms: u64) -> Limit {
        let limit = charge.limit();
        match Limit::token_bucket(limit.max(), limit.window()) {
            Ok(without) if limit.same_counter(&without) && !limit.counts_denied() => without,
            _ => *limit,
        }
    }
}

#[test]
fn burst_ignored() {
    caught_by("rates::a_bucket_starts_with_its_burst", || keeping(BurstIgnored));
}

/// Saves up what flows into a full bucket.
#[derive(Debug)]
struct SavesUp;

impl Keeping for SavesUp {
    fn held_to(&self, counter: &AnyCounter, charge: &Charge<'_>, clock_ms: u64) -> Limit {
        match counter {
            AnyCounter::TokenBucket(bucket) if bucket.full_at_ms > 0 && bucket.full_at_ms < clock_ms => {
                charge.limit().with_burst(charge.limit().capacity() * 2).unwrap_or(*charge.limit())
            }
            _ => *charge.limit(),
        }
    }
}

#[test]
fn saves_up() {
    caught_by("rates::a_bucket_never_holds_more_than_its_burst", || keeping(SavesUp));
}
