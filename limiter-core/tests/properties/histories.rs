//! Random calls over several counters at a time, each answer confirmed by the definitions.

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Charge, Decision, Limit};
use proptest::prelude::*;

use crate::cases::cases;
use crate::limits::{COUNTING, Cost, Move, Parts, START_MS, any_move, cost, key, units, window_ms};
use crate::rate_oracle::RateOracle;

/// One counter of each algorithm, with two limits each that change what is allowed and keep the counter.
#[derive(Clone, Debug)]
struct World {
    window_ms: u64,
    limits: Vec<[Limit; 2]>,
}

#[derive(Clone, Debug)]
enum Call {
    /// For each counter that takes part: which limit, what cost.
    Hit(Vec<Option<(usize, Cost)>>),
    Peek(Vec<Option<(usize, Cost)>>),
    /// Gives back one of the charges that were made, or a part or a multiple of it.
    Refund(prop::sample::Index, u64),
    /// Gives back what was never charged, so long ago.
    Invent(usize, u64, Move),
}

/// A charge that was made, as its receipt would tell.
#[derive(Clone, Copy, Debug)]
struct Made {
    counter: usize,
    limit: Limit,
    cost: u64,
    at_ms: u64,
}

struct Run {
    clock_ms: u64,
    counters: Vec<AnyCounter>,
    oracles: Vec<RateOracle>,
    made: Vec<Made>,
}

fn world() -> impl Strategy<Value = World> {
    let variant = || (units(), units(), any::<bool>());
    (window_ms(), prop::collection::vec((variant(), variant()), COUNTING.len())).prop_map(
        |(window_ms, variants)| {
            let limits = COUNTING.into_iter().zip(variants).map(|(algorithm, (one, other))| {
                let parts =
                    |(max, burst, count_denied)| Parts { algorithm, max, burst, window_ms, count_denied };
                let changed = match algorithm {
                    // The level of a bucket depends on the limits of all calls; the oracle knows one.
                    limiter_core::Algorithm::TokenBucket => (one.0, one.1, other.2),
                    _ => other,
                };
                [parts(one).limit(), parts(changed).limit()]
            });
            World { window_ms, limits: limits.collect() }
        },
    )
}

fn call() -> impl Strategy<Value = Call> {
    let part = || (0..2_usize, cost());
    let charges = move || {
        // One takes part for sure: a call has charges.
        let others = prop::collection::vec(prop::option::of(part()), COUNTING.len());
        (others, 0..COUNTING.len(), part()).prop_map(|(mut parts, at, part)| {
            parts[at] = Some(part);
            parts
        })
    };
    prop_oneof![
        7 => charges().prop_map(Call::Hit),
        2 => charges().prop_map(Call::Peek),
        4 => (any::<prop::sample::Index>(), 1..=6_u64).prop_map(|(which, halves)| Call::Refund(which, halves)),
        1 => (0..COUNTING.len(), units(), crate::limits::forward())
            .prop_map(|(counter, cost, ago)| Call::Invent(counter, cost, ago)),
    ]
}

impl Run {
    fn new(start_ms: u64) -> Self {
        Self {
            clock_ms: start_ms,
            counters: COUNTING.map(AnyCounter::new).to_vec(),
            oracles: vec![RateOracle::default(); COUNTING.len()],
            made: Vec::new(),
        }
    }

    fn make(&mut self, world: &World, call: &Call) {
        match call {
            Call::Hit(parts) => self.decide(world, parts, true),
            Call::Peek(parts) => self.decide(world, parts, false),
            Call::Refund(which, halves) if !self.made.is_empty() => {
                // One of the latest: the windows of the earlier ones have gone.
                let made = self.made.remove(self.made.len() - 1 - which.index(self.made.len().min(5)));
                self.refund(Made {
                    cost: (made.cost / 2).saturating_mul(*halves).clamp(1, limiter_core::EXACT),
                    ..made
                });
            }
            Call::Refund(..) => {}
            Call::Invent(counter, cost, ago) => self.refund(Made {
                counter: *counter,
                limit: world.limits[*counter][0],
                cost: *cost,
                at_ms: self.clock_ms - (ago.from(0, world.window_ms)).min(self.clock_ms),
            }),
        }
    }

    fn decide(&mut self, world: &World, parts: &[Option<(usize, Cost)>], hit: bool) {
        let key = key();
        let taking_part: Vec<(usize, Limit, u64)> = parts
            .iter()
            .enumerate()
            .filter_map(|(counter, part)| {
                let (variant, cost) = (*part)?;
                let limit = world.limits[counter][variant];
                Some((counter, limit, cost.of(&limit)))
            })
            .collect();
        let charges: Vec<_> =
            taking_part.iter().map(|(_, limit, cost)| Charge::new(&key, limit).with_cost(*cost)).collect();
        let mut counters: Vec<_> =
            taking_part.iter().map(|(counter, ..)| self.counters[*counter].clone()).collect();
        let decision = if hit {
            AnyCounter::hit(&mut counters, &charges, self.clock_ms)
        } else {
            AnyCounter::peek(&mut counters, &charges, self.clock_ms)
        };
        self.confirm(&taking_part, &charges, &decision, hit);
        for (outcome, (counter, ..)) in decision.outcomes().iter().zip(&taking_part) {
            if outcome.charged_at_ms().is_some() {
                self.counters[*counter] = counters[outcome.charge()].clone();
            }
        }
    }

    fn confirm(
        &mut self,
        parts: &[(usize, Limit, u64)],
        charges: &[Charge<'_>],
        decision: &Decision,
        hit: bool,
    ) {
        let clock_ms = self.clock_ms;
        let allowed: Vec<_> = parts
            .iter()
            .zip(charges)
            .map(|((counter, ..), charge)| self.oracles[*counter].allows(charge, clock_ms))
            .collect();
        let all = allowed.iter().all(|allowed| *allowed);
        assert_eq!(decision.is_allowed(), all);
        assert_eq!(decision.outcomes().len(), charges.len());
        for (place, ((counter, limit, cost), charge)) in parts.iter().zip(charges).enumerate() {
            let outcome = &decision.outcomes()[place];
            let oracle = &mut self.oracles[*counter];
            let counts = hit && *cost > 0 && (all || (limit.counts_denied() && !allowed[place]));
            let at_ms = counts.then(|| oracle.charge(charge, clock_ms));
            assert_eq!(outcome.charge(), place);
            assert_eq!(outcome.is_allowed(), allowed[place], "{charge:?}");
            assert_eq!(outcome.charged_at_ms(), at_ms, "{charge:?}");
            if let Err(what) = oracle.confirm(charge, clock_ms, outcome) {
                panic!("{what}: {charge:?} at {clock_ms} with {outcome:?} of {oracle:?}");
            }
            self.made.extend(at_ms.map(|at_ms| Made {
                counter: *counter,
                limit: *limit,
                cost: *cost,
                at_ms,
            }));
        }
    }

    fn refund(&mut self, made: Made) {
        let key = key();
        let charge = Charge::new(&key, &made.limit).with_cost(made.cost);
        let mut counter = self.counters[made.counter].clone();
        if counter.refund(&charge, made.at_ms, self.clock_ms) {
            self.counters[made.counter] = counter;
        }
        self.oracles[made.counter].refund(&charge, made.at_ms, self.clock_ms);
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn every_answer_is_what_the_definitions_say(
        world in world(),
        start_ms in START_MS..START_MS + 100_000_000,
        calls in prop::collection::vec((any_move(), call()), 1..60),
    ) {
        let mut run = Run::new(start_ms);
        for (step, call) in &calls {
            run.clock_ms = step.from(run.clock_ms, world.window_ms);
            run.make(&world, call);
        }
    }
}
