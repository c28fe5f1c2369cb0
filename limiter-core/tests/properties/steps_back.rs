//! A clock that steps back: up to a minute nobody notices, further back the counter is taken as new.

use limiter_core::algorithm::AnyCounter;
use limiter_core::{CLOCK_TOLERANCE_MS, Charge};
use proptest::prelude::*;

use crate::cases::cases;
use crate::limits::{START_MS, cost, forward, key, parts};

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn a_step_back_is_answered_as_at_the_last_change_or_by_a_new_counter(
        parts in parts(),
        hits in prop::collection::vec((forward(), cost()), 1..20),
        last in cost(),
        back_ms in prop_oneof![
            0..200_000_u64,
            prop::sample::select(vec![0, 1, 59_999, 60_000, 60_001, 60_002]),
        ],
    ) {
        let (limit, key) = (parts.limit(), key());
        let (mut counters, mut clock_ms) = ([AnyCounter::new(limit.algorithm())], START_MS);
        let mut written_ms = None;
        for (step, cost) in hits {
            clock_ms = step.from(clock_ms, limit.window_ms());
            let charge = Charge::new(&key, &limit).with_cost(cost.of(&limit));
            let mut judged = counters.clone();
            let decision = AnyCounter::hit(&mut judged, &[charge], clock_ms);
            if let Some(at_ms) = decision.outcomes()[0].charged_at_ms() {
                written_ms = Some(at_ms);
                counters = judged;
            }
        }
        let Some(written_ms) = written_ms else {
            return Ok(());
        };
        let charges = [Charge::new(&key, &limit).with_cost(last.of(&limit))];
        let stepped = AnyCounter::hit(&mut counters.clone(), &charges, written_ms - back_ms);
        let expected = if back_ms <= CLOCK_TOLERANCE_MS {
            AnyCounter::hit(&mut counters, &charges, written_ms)
        } else {
            AnyCounter::hit(&mut [AnyCounter::new(limit.algorithm())], &charges, written_ms - back_ms)
        };
        prop_assert_eq!(stepped, expected);
    }
}
