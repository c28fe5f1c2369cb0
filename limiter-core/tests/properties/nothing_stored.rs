//! A call that charges nothing leaves no trace: the calls around it are answered as if it had never been.

use limiter_core::algorithm::{Act, AnyCounter, SlidingLog, judge};
use limiter_core::{Charge, Decision, Key, Limit};
use limiter_testkit::laws::strategies::{
    Cost, LimitParts, Move, START_MS, costs, limit_parts, limits, moves,
};
use proptest::prelude::*;

use crate::cases::cases;

fn hit(counter: &mut AnyCounter, limit: &Limit, cost: u64, clock_ms: u64) -> Decision {
    let key = Key::all("chat").unwrap();
    let mut judged = [counter.clone()];
    let decision = AnyCounter::hit(&mut judged, &[Charge::new(&key, limit).with_cost(cost)], clock_ms);
    if decision.outcomes()[0].charged_at_ms().is_some() {
        let [judged] = judged;
        *counter = judged;
    }
    decision
}

/// What comes between two hits and isn't to be noticed, at a clock of its own.
#[derive(Clone, Copy, Debug)]
enum Idle {
    Peek(Cost),
    Nothing,
    TooMuch,
}

fn idle() -> impl Strategy<Value = Idle> {
    prop_oneof![costs().prop_map(Idle::Peek), Just(Idle::Nothing), Just(Idle::TooMuch)]
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn peeks_denied_hits_and_hits_of_nothing_are_not_noticed(
        parts in limit_parts(),
        calls in prop::collection::vec((moves(), costs(), moves(), idle()), 1..40),
    ) {
        let (limit, key) = (LimitParts { count_denied: false, ..parts }.limit().unwrap(), Key::all("chat").unwrap());
        let (mut clock_ms, mut plain) = (START_MS, AnyCounter::new(limit.algorithm()));
        let mut disturbed = plain.clone();
        for (step, cost, aside, idle) in calls {
            clock_ms = step.from(clock_ms, limit.window_ms());
            let aside_ms = aside.from(clock_ms, limit.window_ms());
            match idle {
                Idle::Peek(cost) => {
                    let charge = Charge::new(&key, &limit).with_cost(cost.of(&limit));
                    let decision = AnyCounter::peek(&mut [disturbed.clone()], &[charge], aside_ms);
                    prop_assert_eq!(decision.outcomes()[0].charged_at_ms(), None);
                }
                Idle::Nothing => drop(hit(&mut disturbed, &limit, 0, aside_ms)),
                Idle::TooMuch => drop(hit(&mut disturbed, &limit, limit.capacity() + 1, aside_ms)),
            }
            let cost = cost.of(&limit);
            let wanted = hit(&mut plain, &limit, cost, clock_ms);
            prop_assert_eq!(hit(&mut disturbed, &limit, cost, clock_ms), wanted);
        }
        prop_assert_eq!(plain, disturbed);
    }

    #[test]
    fn a_log_that_is_judged_where_it_stands_changes_only_when_charged(
        max in 0..6_u64,
        window_ms in 1..100_u64,
        calls in prop::collection::vec((moves(), 0..4_u64, 0..3_u8), 1..60),
    ) {
        let limit = Limit::sliding_log(max, std::time::Duration::from_millis(window_ms)).unwrap();
        let (mut clock_ms, mut log, key) = (START_MS, SlidingLog::default(), Key::all("chat").unwrap());
        for (step, cost, act) in calls {
            clock_ms = step.from(clock_ms, window_ms);
            let (charge, before) = (Charge::new(&key, &limit).with_cost(cost), log.clone());
            let act = [Act::Charge, Act::Deny, Act::Look][usize::from(act)];
            let act = if log.fits(&charge, clock_ms) || act != Act::Charge { act } else { Act::Deny };
            let outcome = judge(&mut log, 0, &charge, clock_ms, act);
            prop_assert_eq!(outcome.charged_at_ms().is_some(), act == Act::Charge && cost > 0);
            prop_assert_eq!(outcome.charged_at_ms().is_none(), log == before);
        }
    }

    #[test]
    fn one_charge_that_denies_keeps_the_others_from_being_made(
        limits in prop::collection::vec(limits(), 2..6),
        before in prop::collection::vec((moves(), costs()), 0..12),
        step in moves(),
        denier in any::<prop::sample::Index>(),
    ) {
        let key = Key::all("chat").unwrap();
        let mut counters: Vec<_> = limits.iter().map(|limit| AnyCounter::new(limit.algorithm())).collect();
        let mut clock_ms = START_MS;
        for (step, cost) in before {
            clock_ms = step.from(clock_ms, 1_000);
            for (counter, limit) in counters.iter_mut().zip(&limits) {
                drop(hit(counter, limit, cost.of(limit), clock_ms));
            }
        }
        clock_ms = Move::from(step, clock_ms, 1_000);
        let denier = denier.index(limits.len());
        let cost = |place: usize| if place == denier { limits[place].capacity() + 1 } else { 1 };
        let charges: Vec<_> = limits
            .iter()
            .enumerate()
            .map(|(place, limit)| Charge::new(&key, limit).with_cost(cost(place)))
            .collect();
        let decision = AnyCounter::hit(&mut counters.clone(), &charges, clock_ms);
        prop_assert!(!decision.is_allowed());
        for (outcome, limit) in decision.outcomes().iter().zip(&limits) {
            let counted = limit.counts_denied() && !outcome.is_allowed();
            prop_assert_eq!(outcome.charged_at_ms().is_some(), counted, "{:?}", outcome);
        }
    }
}
