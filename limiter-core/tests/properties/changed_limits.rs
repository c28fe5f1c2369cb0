//! A limit that is raised or lowered while it counts keeps the counts, and its waits stay exact.

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Charge, Key, Limit, Retry};
use limiter_testkit::laws::strategies::{LimitParts, START_MS, costs, limit_parts, moves_forward, units};
use proptest::prelude::*;

use crate::cases::cases;

/// Whether a cost would fit, and how the counter stands then.
fn peek(counter: &AnyCounter, limit: &Limit, cost: u64, clock_ms: u64) -> limiter_core::Outcome {
    let key = Key::all("chat").unwrap();
    let charge = Charge::new(&key, limit).with_cost(cost);
    AnyCounter::peek(&mut [counter.clone()], &[charge], clock_ms).outcomes()[0]
}

/// From when on a bucket is full whatever its limit: another limit's wait may end before that limit says.
fn full_at_ms(counter: &AnyCounter) -> u64 {
    match counter {
        AnyCounter::TokenBucket(bucket) => bucket.full_at_ms,
        _ => u64::MAX,
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn waits_are_exact_for_a_limit_that_changes_from_call_to_call(
        parts in limit_parts(),
        hits in prop::collection::vec((moves_forward(), costs(), units(), units(), any::<bool>()), 1..40),
    ) {
        let key = Key::all("chat").unwrap();
        let (mut counter, mut clock_ms) = (AnyCounter::new(parts.algorithm), START_MS);
        for (step, cost, max, burst, count_denied) in hits {
            let limit = LimitParts { max, burst, count_denied, ..parts }.limit().unwrap();
            clock_ms = step.from(clock_ms, limit.window_ms());
            let cost = cost.of(&limit);
            let mut judged = [counter.clone()];
            let charges = [Charge::new(&key, &limit).with_cost(cost)];
            let outcome = AnyCounter::hit(&mut judged, &charges, clock_ms).outcomes()[0];
            if outcome.charged_at_ms().is_some() {
                let [judged] = judged;
                counter = judged;
            }
            if let Some(wait) = outcome.retry_after().and_then(Retry::after) {
                let at_ms = clock_ms + u64::try_from(wait.as_millis()).unwrap();
                prop_assert!(peek(&counter, &limit, cost, at_ms).is_allowed(), "{limit:?} {counter:?} {outcome:?}");
                let sooner = peek(&counter, &limit, cost, at_ms - 1).is_allowed();
                prop_assert_eq!(sooner, full_at_ms(&counter) < at_ms, "{:?} {:?} {:?}", limit, counter, outcome);
            }
        }
    }

    #[test]
    fn what_was_counted_counts_for_the_changed_limit(
        parts in limit_parts(),
        changed in (units(), units()),
        hits in prop::collection::vec(costs(), 1..20),
    ) {
        let (before, key) = (parts.limit().unwrap(), Key::all("chat").unwrap());
        let mut counters = [AnyCounter::new(parts.algorithm)];
        let mut used = 0_u64;
        for cost in hits {
            let cost = cost.of(&before);
            let charge = Charge::new(&key, &before).with_cost(cost);
            if AnyCounter::hit(&mut counters, &[charge], START_MS).outcomes()[0].charged_at_ms().is_some() {
                used = used.saturating_add(cost);
            }
        }
        let after = LimitParts { max: changed.0, burst: changed.1, ..parts }.limit().unwrap();
        let left = peek(&counters[0], &after, 0, START_MS).remaining();
        let expected = match parts.algorithm {
            // A bucket that was never used is full; any other holds what it held, up to the new burst.
            limiter_core::Algorithm::TokenBucket if used == 0 => after.capacity(),
            limiter_core::Algorithm::TokenBucket => before.capacity().saturating_sub(used).min(after.capacity()),
            _ => after.max().saturating_sub(used),
        };
        prop_assert_eq!(left, expected, "{:?} then {:?}, {} used", before, after, used);
    }
}
