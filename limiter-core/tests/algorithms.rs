//! Each algorithm by examples that were worked out by hand.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Algorithm, Charge, EXACT, Key, Limit, Outcome, Retry};

use Wait::{After, Fits, Never};

/// The start of a minute.
const START_MS: u64 = 1_699_999_980_000;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// One counter, and the limit that its calls bring.
struct Counting {
    counter: AnyCounter,
    limit: Limit,
}

impl Counting {
    fn on(limit: Limit) -> Self {
        let counter = AnyCounter::new(limit.algorithm());
        Self { counter, limit }
    }

    /// A hit so many milliseconds after the start.
    fn hit(&mut self, at_ms: u64, cost: u64) -> Outcome {
        let key = Key::all("chat").unwrap();
        let mut judged = [self.counter.clone()];
        let charge = Charge::new(&key, &self.limit).with_cost(cost);
        let outcome = AnyCounter::hit(&mut judged, &[charge], START_MS + at_ms).outcomes()[0];
        if outcome.charged_at_ms().is_some() {
            let [judged] = judged;
            self.counter = judged;
        }
        outcome
    }

    fn refund(&mut self, at_ms: u64, cost: u64, charged_at_ms: u64) {
        let key = Key::all("chat").unwrap();
        let charge = Charge::new(&key, &self.limit).with_cost(cost);
        let mut judged = self.counter.clone();
        if judged.refund(&charge, START_MS + charged_at_ms, START_MS + at_ms) {
            self.counter = judged;
        }
    }

    fn left(&mut self, at_ms: u64) -> u64 {
        self.hit(at_ms, 0).remaining()
    }
}

/// Whether a charge fits, or from when on.
#[derive(Debug, PartialEq)]
enum Wait {
    Fits,
    After(u128),
    Never,
}

/// What is left, the time to the reset, and the wait, in milliseconds.
fn told(outcome: Outcome) -> (u64, u128, Wait) {
    let wait = match outcome.retry_after() {
        None => Fits,
        Some(Retry::After(wait)) => After(wait.as_millis()),
        Some(Retry::Never) => Never,
    };
    (outcome.remaining(), outcome.reset_after().as_millis(), wait)
}

#[test]
fn a_fixed_window_starts_at_zero_with_every_full_window_of_the_epoch() {
    let mut count = Counting::on(Limit::fixed_window(3, MINUTE).unwrap());
    assert_eq!(told(count.hit(20_000, 2)), (1, 40_000, Fits));
    assert_eq!(told(count.hit(20_000, 2)), (1, 40_000, After(40_000)));
    assert_eq!(told(count.hit(59_999, 2)), (1, 1, After(1)));
    assert_eq!(told(count.hit(60_000, 2)), (1, 60_000, Fits));
    assert_eq!(told(count.hit(60_000, 4)), (1, 60_000, Never), "four never fit in three");
}

#[test]
fn a_sliding_window_weighs_the_one_before_by_what_still_lies_in_the_span() {
    let mut count = Counting::on(Limit::sliding_window(10, MINUTE).unwrap());
    assert_eq!(told(count.hit(10_000, 8)), (2, 110_000, Fits));
    // Three quarters of the minute before still count: 8 · 45/60 = 6.
    assert_eq!(told(count.hit(75_000, 0)), (4, 45_000, Fits));
    // Five fit when 8 · left/60 is down to 5, at 37.5 s left.
    assert_eq!(told(count.hit(75_000, 5)), (4, 45_000, After(7_500)));
    assert_eq!(told(count.hit(82_500, 5)), (0, 97_500, Fits));
    // Seven must wait for the turn, and then until 5 · left/60 is down to 3, at 36 s left.
    assert_eq!(told(count.hit(82_500, 7)), (0, 97_500, After(37_500 + 24_000)));
    assert_eq!(count.left(82_501), 0, "8 · 37 499/60 000 is more than 4, and rounding lets nobody in");
}

#[test]
fn a_sliding_log_forgets_each_charge_when_its_window_has_passed() {
    let mut count = Counting::on(Limit::sliding_log(3, 10 * SECOND).unwrap());
    for (at_ms, left) in [(0, 2), (1_000, 1), (2_000, 0)] {
        assert_eq!(told(count.hit(at_ms, 1)), (left, 10_000, Fits));
    }
    assert_eq!(told(count.hit(3_000, 1)), (0, 9_000, After(7_000)));
    assert_eq!(told(count.hit(3_000, 2)), (0, 9_000, After(8_000)));
    assert_eq!(told(count.hit(9_999, 1)), (0, 2_001, After(1)));
    assert_eq!(told(count.hit(10_000, 1)), (0, 10_000, Fits));
}

#[test]
fn a_token_bucket_fills_steadily_up_to_its_burst() {
    let mut count = Counting::on(Limit::token_bucket(10, SECOND).unwrap().with_burst(20).unwrap());
    assert_eq!(told(count.hit(0, 20)), (0, 2_000, Fits));
    assert_eq!(told(count.hit(0, 1)), (0, 2_000, After(100)));
    assert_eq!(told(count.hit(50, 15)), (0, 1_950, After(1_450)));
    assert_eq!(told(count.hit(100, 1)), (0, 2_000, Fits));
    assert_eq!(told(count.hit(1_650, 0)), (15, 450, Fits));
    assert_eq!(told(count.hit(9_000, 21)), (20, 0, Never), "21 never fit in 20");
}

#[test]
fn who_keeps_knocking_stays_out_where_denied_hits_count() {
    let limit = Limit::sliding_window(2, MINUTE).unwrap().counting_denied().unwrap();
    let mut count = Counting::on(limit);
    assert!(count.hit(0, 2).is_allowed());
    let denied = count.hit(1_000, 2);
    assert_eq!(denied.charged_at_ms(), Some(START_MS + 1_000));
    // Four count now; both fit when all four have left.
    assert_eq!(told(denied), (0, 119_000, After(119_000)));
    assert_eq!(told(count.hit(2_000, 0)), (0, 118_000, After(58_000 + 30_000)));
    assert_eq!(count.hit(2_000, 0).charged_at_ms(), None, "a hit of nothing counts nothing");
}

#[test]
fn a_counted_denial_beyond_the_capacity_empties_a_bucket() {
    let limit = Limit::token_bucket(1, SECOND).unwrap().with_burst(5).unwrap().counting_denied().unwrap();
    let mut count = Counting::on(limit);
    assert_eq!(told(count.hit(0, EXACT)), (0, 5_000, Never));
    assert_eq!(count.left(3_000), 3);
}

#[test]
fn a_refund_gives_back_to_the_window_that_was_charged_and_to_no_other() {
    let mut fixed = Counting::on(Limit::fixed_window(3, MINUTE).unwrap());
    fixed.hit(10_000, 3);
    fixed.refund(20_000, 2, 10_000);
    assert_eq!(fixed.left(20_000), 2);
    fixed.hit(60_000, 3);
    fixed.refund(61_000, 3, 10_000);
    assert_eq!(fixed.left(61_000), 0, "the window it was charged in has gone");
    fixed.refund(61_000, 99, 60_000);
    assert_eq!(fixed.left(61_000), 3, "never more than the limit");

    let mut sliding = Counting::on(Limit::sliding_window(10, MINUTE).unwrap());
    sliding.hit(0, 8);
    sliding.hit(90_000, 3);
    sliding.refund(90_000, 4, 0);
    assert_eq!(sliding.left(90_000), 10 - 2 - 3, "half of the four that are left, and three");
    sliding.hit(120_000, 1);
    sliding.refund(120_000, 4, 0);
    assert_eq!(sliding.left(120_000), 10 - 3 - 1, "two windows ago is gone");
}

#[test]
fn a_refund_takes_a_logs_entry_away() {
    let mut log = Counting::on(Limit::sliding_log(3, MINUTE).unwrap());
    log.hit(0, 1);
    log.hit(1_000, 2);
    log.refund(2_000, 2, 500);
    assert_eq!(log.left(2_000), 0, "nothing was charged then");
    log.refund(2_000, 1, 0);
    assert_eq!(told(log.hit(2_000, 0)), (1, 59_000, Fits));
    log.refund(2_000, 9, 1_000);
    assert_eq!(told(log.hit(2_000, 0)), (3, 0, Fits));
}

#[test]
fn a_refund_to_a_bucket_is_less_what_has_flowed_in_since() {
    let limit = Limit::token_bucket(10, SECOND).unwrap().with_burst(20).unwrap();
    let mut count = Counting::on(limit);
    count.hit(0, 20);
    count.refund(400, 10, 0);
    assert_eq!(count.left(400), 4 + 10 - 4);
    count.refund(1_000, 10, 0);
    assert_eq!(count.left(1_000), 16, "ten tokens have flowed in since: nothing is owed");
    count.refund(1_000, 20, 900);
    assert_eq!(count.left(1_000), 20, "never above full");
}

#[test]
fn a_changed_limit_finds_the_counts_of_the_one_before() {
    let mut count = Counting::on(Limit::fixed_window(5, MINUTE).unwrap());
    count.hit(0, 4);
    count.limit = Limit::fixed_window(2, MINUTE).unwrap();
    assert_eq!(told(count.hit(1_000, 0)), (0, 59_000, After(59_000)), "four are more than two");
    count.limit = Limit::fixed_window(9, MINUTE).unwrap();
    assert_eq!(count.left(1_000), 5);
}

#[test]
fn a_max_of_zero_never_lets_anything_in() {
    for limit in
        [Limit::fixed_window(0, MINUTE), Limit::sliding_window(0, MINUTE), Limit::sliding_log(0, MINUTE)]
    {
        let mut count = Counting::on(limit.unwrap());
        assert_eq!(count.hit(0, 1).retry_after(), Some(Retry::Never));
        assert!(count.hit(0, 0).is_allowed());
    }
}

#[test]
fn unlimited_always_fits_and_counts_nothing() {
    let mut count = Counting::on(Limit::UNLIMITED);
    let outcome = count.hit(0, EXACT);
    assert_eq!((told(outcome), outcome.charged_at_ms()), ((EXACT, 0, Fits), None));
    assert_eq!(count.counter, AnyCounter::new(Algorithm::Unlimited));
}

#[test]
fn the_largest_limits_are_exact() {
    let day = 1_440 * MINUTE;
    let most = EXACT / 86_400_000;
    let mut bucket = Counting::on(Limit::token_bucket(1, day).unwrap().with_burst(most).unwrap());
    assert_eq!(bucket.hit(0, most).remaining(), 0);
    assert_eq!(told(bucket.hit(86_399_999, 1)).2, After(1), "one a day and not a millisecond sooner");
    let mut window = Counting::on(Limit::fixed_window(EXACT, day).unwrap());
    assert_eq!(window.hit(0, EXACT - 1).remaining(), 1);
    assert_eq!(window.hit(0, 1).remaining(), 0);
    assert!(!window.hit(0, 1).is_allowed());
}
