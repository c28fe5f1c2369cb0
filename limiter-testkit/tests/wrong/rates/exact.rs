//! Faults about large numbers.

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{Algorithm, Charge, Decision, EXACT, Limit, RateLimiter, Result};
use limiter_testkit::Model;

use super::calls::{Calls, calls};
use super::store::{Keeping, keeping};
use crate::judge::{caught_by, caught_by_all};

/// What loses large counts loses them at the end too, where counting must stop.
const COUNTS: &[&str] =
    &["rates::the_largest_counts_are_exact", "rates::a_count_stops_at_the_largest_number"];

/// Counts in 32 bits.
#[derive(Debug)]
struct ThirtyTwoBits;

#[async_trait]
impl Calls for ThirtyTwoBits {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let cut = charges.iter().map(|charge| match charge.limit().algorithm() {
            Algorithm::FixedWindow if charge.cost() <= EXACT => charge.with_cost(charge.cost() & 0xffff_ffff),
            _ => *charge,
        });
        right.hit(&cut.collect::<Vec<_>>()).await
    }
}

#[test]
fn thirty_two_bits() {
    caught_by_all(COUNTS, || calls(ThirtyTwoBits));
}

/// Stores counts as Lua writes a number that it takes for a fraction: with 14 digits.
#[derive(Debug)]
struct FourteenDigits;

impl Keeping for FourteenDigits {
    fn store(&self, _before: &AnyCounter, after: &mut AnyCounter, _charge: &Charge<'_>, _clock_ms: u64) {
        if let AnyCounter::FixedWindow(window) = after {
            let unit = 10_u64.pow(window.count.checked_ilog10().unwrap_or(0).saturating_sub(13));
            window.count = (window.count + unit / 2) / unit * unit;
        }
    }
}

#[test]
fn fourteen_digits() {
    caught_by_all(COUNTS, || keeping(FourteenDigits));
}

/// Goes on counting denied hits past the largest number.
#[derive(Debug)]
struct CountsPastTheLargest;

impl Keeping for CountsPastTheLargest {
    fn store(&self, before: &AnyCounter, after: &mut AnyCounter, charge: &Charge<'_>, _clock_ms: u64) {
        if let (AnyCounter::FixedWindow(before), AnyCounter::FixedWindow(after)) = (before, after)
            && after.start_ms == before.start_ms
        {
            after.count = before.count + charge.cost();
        }
    }
}

#[test]
fn counts_past_the_largest() {
    caught_by("rates::a_count_stops_at_the_largest_number", || keeping(CountsPastTheLargest));
}

/// Weighs the previous window with a single-precision fraction.
#[derive(Debug)]
struct SinglePrecision;

impl Keeping for SinglePrecision {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "that is the fault"
    )]
    fn held_to(&self, counter: &AnyCounter, charge: &Charge<'_>, clock_ms: u64) -> Limit {
        weighing(counter, charge.limit(), clock_ms, |previous, left_ms, window_ms| {
            (previous as f32 * (left_ms as f32 / window_ms as f32)).ceil() as u64
        })
    }
}

#[test]
fn single_precision() {
    caught_by("rates::the_largest_products_are_exact", || keeping(SinglePrecision));
}

/// A limit that leaves as much room as the counter would with another weighing of the previous window: of its
/// units, the time that is left and the window.
pub(crate) fn weighing(
    counter: &AnyCounter,
    limit: &Limit,
    clock_ms: u64,
    weigh: impl Fn(u64, u64, u64) -> u64,
) -> Limit {
    let AnyCounter::SlidingWindow(window) = counter else { return *limit };
    let (window_ms, now_ms) = (limit.window_ms(), clock_ms.max(window.written_ms));
    let previous = match (now_ms - window.start_ms) / window_ms {
        0 => window.previous,
        1 => window.current,
        _ => 0,
    };
    let left_ms = window_ms - now_ms % window_ms;
    let (right, wrong) = ((previous * left_ms).div_ceil(window_ms), weigh(previous, left_ms, window_ms));
    if right == wrong {
        return *limit;
    }
    Limit::sliding_window(limit.max() + right - wrong, limit.window()).unwrap()
}

/// Multiplies in 64 bits, whatever comes of it.
#[derive(Debug)]
struct InflowWraps;

impl Keeping for InflowWraps {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        let AnyCounter::TokenBucket(bucket) = counter else { return };
        let since_ms = clock_ms.saturating_sub(bucket.written_ms);
        if bucket.full_at_ms > 0 && since_ms.checked_mul(limit.max()).is_none() {
            let inflow = since_ms.cast_signed().wrapping_mul(limit.max().cast_signed());
            bucket.level = bucket.level.cast_signed().wrapping_add(inflow).max(0).unsigned_abs();
            (bucket.written_ms, bucket.full_at_ms) = (clock_ms, u64::MAX);
        }
    }
}

#[test]
fn inflow_wraps() {
    caught_by("rates::a_bucket_fills_however_long_it_takes", || keeping(InflowWraps));
}
