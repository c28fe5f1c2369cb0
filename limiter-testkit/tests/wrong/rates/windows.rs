//! Faults about when a window turns, and how the one before is weighed.

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Charge, Limit};

use super::exact::weighing;
use super::store::{Keeping, keeping};
use crate::judge::{caught_by, caught_by_all};

/// Turns a fixed window so many milliseconds too soon.
#[derive(Debug)]
pub(crate) struct TurnsTooSoon(pub(crate) u64);

impl Keeping for TurnsTooSoon {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        if let AnyCounter::FixedWindow(window) = counter
            && clock_ms + self.0 >= window.start_ms + limit.window_ms()
        {
            window.count = 0;
        }
    }
}

#[test]
fn turns_too_soon() {
    let broken = caught_by("rates::a_fixed_window_starts_anew_at_its_boundary", || keeping(TurnsTooSoon(1)));
    assert_eq!(broken.wanted(), "denied");
}

/// Starts a fixed window with the first hit: increments, and sets an expiry where there is none.
#[derive(Debug)]
pub(crate) struct TheFirstHitStartsTheWindow;

impl Keeping for TheFirstHitStartsTheWindow {
    fn store(&self, before: &AnyCounter, after: &mut AnyCounter, _charge: &Charge<'_>, _clock_ms: u64) {
        if let (AnyCounter::FixedWindow(before), AnyCounter::FixedWindow(after)) = (before, after)
            && (before.count == 0 || before.start_ms != after.start_ms)
        {
            after.start_ms = after.written_ms;
        }
    }
}

#[test]
fn the_first_hit_starts_the_window() {
    let case = "rates::a_fixed_window_starts_anew_at_its_boundary";
    assert_eq!(caught_by(case, || keeping(TheFirstHitStartsTheWindow)).wanted(), "allowed");
}

/// Rounds down what still counts of the previous window.
#[derive(Debug)]
struct FloorForCeil;

impl Keeping for FloorForCeil {
    fn held_to(&self, counter: &AnyCounter, charge: &Charge<'_>, clock_ms: u64) -> Limit {
        let floor = |previous, left_ms, window_ms| previous * left_ms / window_ms;
        weighing(counter, charge.limit(), clock_ms, floor)
    }
}

#[test]
fn floor_for_ceil() {
    let broken = caught_by("rates::a_sliding_window_weighs_the_previous_one", || keeping(FloorForCeil));
    assert_eq!(broken.wanted(), "denied");
}

/// Weighs the previous window with a floating-point fraction, and rounds up what comes of it.
#[derive(Debug)]
struct FloatingPoint;

impl Keeping for FloatingPoint {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "that is the fault"
    )]
    fn held_to(&self, counter: &AnyCounter, charge: &Charge<'_>, clock_ms: u64) -> Limit {
        weighing(counter, charge.limit(), clock_ms, |previous, left_ms, window_ms| {
            (previous as f64 * (left_ms as f64 / window_ms as f64)).ceil() as u64
        })
    }
}

#[test]
fn floating_point() {
    let broken = caught_by("rates::a_sliding_window_weighs_the_previous_one", || keeping(FloatingPoint));
    assert_eq!(broken.wanted(), "allowed");
}

/// Forgets the previous window: twice as many fit around the turn.
#[derive(Debug)]
pub(crate) struct ThePreviousWindowIgnored;

impl Keeping for ThePreviousWindowIgnored {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        if let AnyCounter::SlidingWindow(window) = counter {
            if clock_ms.saturating_sub(window.start_ms) >= limit.window_ms() {
                window.current = 0;
            }
            window.previous = 0;
        }
    }
}

#[test]
fn the_previous_window_ignored() {
    // All of these say something of what the previous window counts.
    let cases = [
        "rates::a_sliding_window_weighs_the_previous_one",
        "rates::a_sliding_window_forgets_after_two_windows",
        "rates::a_refund_to_the_previous_window_is_weighed",
        "rates::an_idle_counter_is_remembered",
        "rates::retry_after_of_a_weighed_window_is_exact",
        "rates::reset_after_of_a_weighed_window_is_exact",
        "rates::the_largest_products_are_exact",
    ];
    caught_by_all(&cases, || keeping(ThePreviousWindowIgnored));
}

/// Forgets the previous window a millisecond too soon.
#[derive(Debug)]
struct TheLastMillisecondIgnored;

impl Keeping for TheLastMillisecondIgnored {
    fn wake(&self, counter: &mut AnyCounter, limit: &Limit, clock_ms: u64) {
        if let AnyCounter::SlidingWindow(window) = counter
            && clock_ms + 1 == window.start_ms + 2 * limit.window_ms()
        {
            window.current = 0;
        }
    }
}

#[test]
fn the_last_millisecond_ignored() {
    let case = "rates::a_sliding_window_forgets_after_two_windows";
    caught_by(case, || keeping(TheLastMillisecondIgnored));
}

/// Counts an entry of a log for a millisecond too long.
#[derive(Debug)]
struct AnEntryStaysTooLong;

impl Keeping for AnEntryStaysTooLong {
    fn held_to(&self, counter: &AnyCounter, charge: &Charge<'_>, clock_ms: u64) -> Limit {
        let limit = charge.limit();
        match counter {
            AnyCounter::SlidingLog(log)
                if log.expired(limit, clock_ms) > log.expired(limit, clock_ms - 1) =>
            {
                let longer = limit.window() + std::time::Duration::from_millis(1);
                Limit::sliding_log(limit.max(), longer).unwrap()
            }
            _ => *limit,
        }
    }
}

#[test]
fn an_entry_stays_too_long() {
    caught_by("rates::an_entry_leaves_a_log_after_one_window", || keeping(AnEntryStaysTooLong));
}
