//! What may be admitted in all, whatever the callers do: the promise of each algorithm, checked over the whole
//! list of what was.

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Algorithm, Charge, EXACT, Limit, Outcome};
use proptest::prelude::*;

use crate::cases::cases;
use crate::limits::{Cost, Move, START_MS, any_move, cost, forward, key, parts};

/// One hit, kept where it was charged.
fn hit(counter: &mut AnyCounter, limit: &Limit, cost: u64, clock_ms: u64) -> Outcome {
    let key = key();
    let mut judged = [counter.clone()];
    let decision = AnyCounter::hit(&mut judged, &[Charge::new(&key, limit).with_cost(cost)], clock_ms);
    let outcome = decision.outcomes()[0];
    if outcome.charged_at_ms().is_some() {
        let [judged] = judged;
        *counter = judged;
    }
    outcome
}

/// The (time, cost) of all that was admitted, oldest first. Denied hits may count, which admits less.
fn admitted(limit: &Limit, hits: &[(Move, Cost)]) -> Vec<(u64, u64)> {
    let (mut counter, mut clock_ms) = (AnyCounter::new(limit.algorithm()), START_MS);
    let mut admitted = Vec::new();
    for (step, cost) in hits {
        clock_ms = step.from(clock_ms, limit.window_ms());
        let cost = cost.of(limit);
        let outcome = hit(&mut counter, limit, cost, clock_ms);
        let at_ms = outcome.charged_at_ms().filter(|_| outcome.is_allowed());
        admitted.extend(at_ms.map(|at_ms| (at_ms, cost)));
    }
    admitted
}

fn sum<'a, I: Iterator<Item = &'a (u64, u64)>>(hits: I) -> u128 {
    hits.map(|(_, cost)| u128::from(*cost)).sum()
}

/// Whether every hit of the list, the last of a shorter list, was within the promise of its limit.
fn last_is_within(limit: &Limit, hits: &[(u64, u64)]) -> bool {
    let Some((now_ms, _)) = hits.last() else {
        return true;
    };
    let (max, window_ms) = (u128::from(limit.max()), u128::from(limit.window_ms()));
    let in_window = |window: u64| sum(hits.iter().filter(|(at_ms, _)| at_ms / limit.window_ms() == window));
    let now = now_ms / limit.window_ms();
    match limit.algorithm() {
        Algorithm::FixedWindow => in_window(now) <= max,
        Algorithm::SlidingWindow => {
            let left_ms = u128::from((now + 1) * limit.window_ms() - now_ms);
            in_window(now - 1) * left_ms + in_window(now) * window_ms <= max * window_ms
        }
        Algorithm::SlidingLog => {
            sum(hits.iter().filter(|(at_ms, _)| at_ms + limit.window_ms() > *now_ms)) <= max
        }
        _ => (0..hits.len()).all(|first| {
            let refill = u128::from(now_ms - hits[first].0) * max;
            sum(hits[first..].iter()) * window_ms <= u128::from(limit.capacity()) * window_ms + refill
        }),
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn nobody_is_admitted_beyond_the_limit(
        parts in parts(),
        hits in prop::collection::vec((forward(), cost()), 1..80),
    ) {
        let limit = parts.limit();
        let admitted = admitted(&limit, &hits);
        for count in 1..=admitted.len() {
            prop_assert!(last_is_within(&limit, &admitted[..count]), "{limit:?}: {:?}", &admitted[..count]);
        }
    }

    #[test]
    fn a_clock_that_steps_back_a_minute_admits_nobody_beyond_the_limit(
        parts in parts(),
        hits in prop::collection::vec((any_move(), cost()), 1..80),
    ) {
        let limit = parts.limit();
        let hits: Vec<_> = hits
            .into_iter()
            .map(|(step, cost)| (match step { Move::Back(by_ms) => Move::Back(by_ms % 1_000), step => step }, cost))
            .collect();
        let admitted = admitted(&limit, &hits);
        prop_assert!(admitted.is_sorted_by_key(|(at_ms, _)| *at_ms));
        for count in 1..=admitted.len() {
            prop_assert!(last_is_within(&limit, &admitted[..count]), "{limit:?}: {:?}", &admitted[..count]);
        }
    }

    #[test]
    fn what_is_left_never_grows_without_time(
        parts in parts(),
        before in prop::collection::vec((forward(), cost()), 0..20),
        hits in prop::collection::vec(cost(), 2..20),
    ) {
        let limit = parts.limit();
        let (mut counter, mut clock_ms) = (AnyCounter::new(limit.algorithm()), START_MS);
        for (step, cost) in before {
            clock_ms = step.from(clock_ms, limit.window_ms());
            hit(&mut counter, &limit, cost.of(&limit), clock_ms);
        }
        let left: Vec<_> = hits
            .iter()
            .map(|cost| hit(&mut counter, &limit, cost.of(&limit), clock_ms).remaining())
            .collect();
        prop_assert!(left.is_sorted_by(|earlier, later| earlier >= later), "{limit:?}: {left:?}");
        prop_assert!(left.iter().all(|left| *left <= limit.capacity()));
    }

    #[test]
    fn waiting_as_told_always_helps(
        parts in parts(),
        hits in prop::collection::vec((forward(), cost()), 1..80),
    ) {
        let limit = parts.limit();
        let (mut counter, mut clock_ms) = (AnyCounter::new(limit.algorithm()), START_MS);
        for (step, cost) in hits {
            clock_ms = step.from(clock_ms, limit.window_ms());
            let cost = cost.of(&limit);
            let outcome = hit(&mut counter, &limit, cost, clock_ms);
            if let Some(wait) = outcome.retry_after().and_then(limiter_core::Retry::after) {
                let at_ms = clock_ms + u64::try_from(wait.as_millis()).unwrap();
                // No clock shows a time past 2^53 - 1; what would be full only then is full at that.
                if at_ms > EXACT {
                    continue;
                }
                prop_assert!(!hit(&mut counter.clone(), &limit, cost, at_ms - 1).is_allowed());
                prop_assert!(hit(&mut counter.clone(), &limit, cost, at_ms).is_allowed());
            }
        }
    }
}
