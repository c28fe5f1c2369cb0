//! Faults about whose time counts.

use std::time::SystemTime;

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{CLOCK_TOLERANCE_MS, Charge, Decision, Limit, RateLimiter, Result};
use limiter_testkit::Model;

use super::calls::{Calls, calls, ms, retold};
use super::store::{Keeping, keeping};
use crate::judge::caught_by;

/// Tells the time of the caller's own clock.
#[derive(Debug)]
struct TheCallersTime;

#[async_trait]
impl Calls for TheCallersTime {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Ok(retold(&decision, |_, told| told.charged_at_ms = told.charged_at_ms.map(|_| ms(since_epoch))))
    }
}

#[test]
fn the_callers_time() {
    caught_by("rates::charged_at_is_the_stores_time", || calls(TheCallersTime));
}

/// Starts anew in every other window, also in one that was before.
#[derive(Debug)]
struct AWindowTurnsBack;

impl Keeping for AWindowTurnsBack {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        let start_ms = match counter {
            AnyCounter::FixedWindow(window) => window.start_ms,
            AnyCounter::SlidingWindow(window) => window.start_ms,
            _ => 0,
        };
        if clock_ms < start_ms {
            *counter = AnyCounter::new(limit.algorithm());
        }
    }
}

#[test]
fn a_window_turns_back() {
    caught_by("rates::a_clock_that_steps_back_admits_nobody", || keeping(AWindowTurnsBack));
}

/// Lets what has flowed in flow in again.
#[derive(Debug)]
struct TheTimeOfAChargeTurnsBack;

impl Keeping for TheTimeOfAChargeTurnsBack {
    fn store(&self, _before: &AnyCounter, after: &mut AnyCounter, _charge: &Charge<'_>, clock_ms: u64) {
        if let AnyCounter::TokenBucket(bucket) = after {
            bucket.written_ms = clock_ms;
        }
    }
}

#[test]
fn the_time_of_a_charge_turns_back() {
    caught_by("rates::a_charge_after_a_step_back_keeps_its_time", || keeping(TheTimeOfAChargeTurnsBack));
}

/// Believes in a time to come, however far ahead it is.
#[derive(Debug)]
struct NeverTakenAsNew;

impl Keeping for NeverTakenAsNew {
    fn wake(&self, counter: &mut AnyCounter, _limit: &Limit, clock_ms: u64) {
        if let AnyCounter::FixedWindow(window) = counter {
            window.written_ms = window.written_ms.min(clock_ms + CLOCK_TOLERANCE_MS);
        }
    }
}

#[test]
fn never_taken_as_new() {
    let broken = caught_by("rates::a_counter_from_far_ahead_is_taken_as_new", || keeping(NeverTakenAsNew));
    assert_eq!(broken.wanted(), "allowed");
}

/// Takes a counter that is exactly 60 s ahead for new.
#[derive(Debug)]
struct TakenAsNewTooSoon;

impl Keeping for TakenAsNewTooSoon {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        if let AnyCounter::FixedWindow(window) = counter
            && window.written_ms >= clock_ms + CLOCK_TOLERANCE_MS
        {
            *counter = AnyCounter::new(limit.algorithm());
        }
    }
}

#[test]
fn taken_as_new_too_soon() {
    let broken = caught_by("rates::a_counter_from_far_ahead_is_taken_as_new", || keeping(TakenAsNewTooSoon));
    assert_eq!(broken.wanted(), "denied");
}
