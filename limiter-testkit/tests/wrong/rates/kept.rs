//! Faults about how long a counter is remembered.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{Charge, Decision, Key, Limit, RateLimiter, Result};
use limiter_testkit::Model;

use super::calls::{Calls, calls};
use super::store::{Keeping, keeping};
use crate::judge::caught_by;

const CASE: &str = "rates::an_idle_counter_is_remembered";

/// Keeps a fixed window and a bucket for seven tenths of their window.
#[derive(Debug)]
struct ShorterThanTheWindow;

impl Keeping for ShorterThanTheWindow {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        let (AnyCounter::FixedWindow(_) | AnyCounter::TokenBucket(_)) = counter else { return };
        if clock_ms.saturating_sub(written_ms(counter)) > limit.window_ms() / 10 * 7 {
            *counter = AnyCounter::new(limit.algorithm());
        }
    }
}

/// Keeps a sliding window for one window.
#[derive(Debug)]
struct NoLongerThanTheWindow;

impl Keeping for NoLongerThanTheWindow {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        let AnyCounter::SlidingWindow(_) = counter else { return };
        if clock_ms.saturating_sub(written_ms(counter)) > limit.window_ms() {
            *counter = AnyCounter::new(limit.algorithm());
        }
    }
}

fn written_ms(counter: &AnyCounter) -> u64 {
    match counter {
        AnyCounter::FixedWindow(window) => window.written_ms,
        AnyCounter::SlidingWindow(window) => window.written_ms,
        AnyCounter::TokenBucket(bucket) => bucket.written_ms,
        _ => u64::MAX,
    }
}

#[test]
fn shorter_than_the_window() {
    caught_by(CASE, || keeping(ShorterThanTheWindow));
}

#[test]
fn no_longer_than_the_window() {
    caught_by(CASE, || keeping(NoLongerThanTheWindow));
}

/// Drops the counter that was hit the longest ago when a thousand others came since.
#[derive(Debug, Default)]
struct DropsTheLeastUsed(Mutex<VecDeque<(Key, Limit)>>);

#[async_trait]
impl Calls for DropsTheLeastUsed {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        for charge in charges {
            let dropped = self.used(charge);
            if let Some((key, limit)) = dropped {
                RateLimiter::reset(right, &key, &limit).await?;
            }
        }
        Ok(decision)
    }
}

impl DropsTheLeastUsed {
    fn used(&self, charge: &Charge<'_>) -> Option<(Key, Limit)> {
        let mut used = self.0.lock().unwrap();
        used.push_back((charge.key().clone(), *charge.limit()));
        if used.len() > 1_000 { used.pop_front() } else { None }
    }
}

#[test]
fn drops_the_least_used() {
    caught_by("rates::a_flood_of_new_keys_frees_nobody", || calls(DropsTheLeastUsed::default()));
}
