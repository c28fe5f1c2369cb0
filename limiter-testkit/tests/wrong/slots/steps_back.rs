//! Faults about a clock that steps back.

use std::sync::atomic::{AtomicU64, Ordering};

use limiter_core::CLOCK_TOLERANCE_MS;

use super::book::{Call, Held};
use super::faulty::breaks;
use super::rules::Rules;

/// Takes a lease that was granted far ahead of the clock for one of a clock that was wrong, as counters do.
#[derive(Debug, Default)]
struct FarAheadIsForgotten;

impl Rules for FarAheadIsForgotten {
    fn is_live(&self, held: &Held, now_ms: u64, _call: Call) -> bool {
        now_ms < held.expires_ms && held.granted_ms <= now_ms + CLOCK_TOLERANCE_MS
    }
}

#[test]
fn far_ahead_is_forgotten() {
    breaks::<FarAheadIsForgotten>("a_clock_that_steps_back_cuts_no_lease_short");
}

/// Takes a lease that was granted later than now for none.
#[derive(Debug, Default)]
struct GrantedLaterIsNone;

impl Rules for GrantedLaterIsNone {
    fn is_live(&self, held: &Held, now_ms: u64, call: Call) -> bool {
        now_ms < held.expires_ms && (call != Call::Acquire || held.granted_ms <= now_ms)
    }
}

#[test]
fn granted_later_is_none() {
    breaks::<GrantedLaterIsNone>("a_clock_that_steps_back_cuts_no_lease_short");
}

/// Times leases by the latest time that it has seen, as counters do.
#[derive(Debug, Default)]
struct InEffectiveTime(AtomicU64);

impl Rules for InEffectiveTime {
    fn now_ms(&self, clock_ms: u64) -> u64 {
        self.0.fetch_max(clock_ms, Ordering::SeqCst).max(clock_ms)
    }
}

#[test]
fn in_effective_time() {
    breaks::<InEffectiveTime>("after_a_step_back_a_lease_lasts_its_ttl");
}
