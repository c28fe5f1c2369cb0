//! Rates: hits, peeks, refunds by receipt, resets, of all algorithms and several at a time.

use std::time::Duration;

use limiter_core::{Charge, Decision, EXACT, Key, Limit, RateLimiter, Receipt};
use proptest::prelude::*;

use crate::pair::{Pair, Step, any_step, at_once, cases, keys, same};

/// A key, a limit and a cost, the first two by their place in the lists.
type Line = (usize, usize, u64);

#[derive(Clone, Debug)]
enum Call {
    Hit(Vec<Line>),
    HitNow(Vec<Line>),
    Peek(Vec<Line>),
    Refund(prop::sample::Index),
    Reset(usize, usize),
}

fn limits() -> Vec<Limit> {
    let ms = Duration::from_millis;
    let mut limits = vec![Limit::UNLIMITED];
    for (max, window) in [(3, ms(250)), (5, ms(250)), (1, ms(10_000)), (0, ms(10_000)), (7, ms(3_600_000))] {
        limits.push(Limit::fixed_window(max, window).unwrap());
        limits.push(Limit::sliding_window(max, window).unwrap());
        limits.push(Limit::sliding_log(max, window).unwrap());
        limits.push(Limit::fixed_window(max + 1, window).unwrap().counting_denied().unwrap());
        limits.push(Limit::sliding_window(max + 1, window).unwrap().counting_denied().unwrap());
        let bucket = Limit::token_bucket(max.max(1), window).unwrap();
        limits.push(bucket.with_burst(max + 2).unwrap());
        limits.push(bucket.counting_denied().unwrap());
    }
    limits.push(Limit::fixed_window(EXACT, ms(86_400_000)).unwrap().counting_denied().unwrap());
    limits
        .push(Limit::sliding_window(EXACT / 86_400_000, ms(86_400_000)).unwrap().counting_denied().unwrap());
    limits.push(Limit::token_bucket(EXACT / 86_400_000, ms(86_400_000)).unwrap());
    limits
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let cost = prop_oneof![10 => 0..4_u64, 1 => 0..=EXACT, 1 => prop::sample::select(vec![8, EXACT, EXACT + 1, u64::MAX])];
    let line = (0..keys().len(), 0..limits().len(), cost);
    prop_oneof![
        6 => prop::collection::vec(line.clone(), 1),
        6 => prop::collection::vec(line.clone(), 1..5),
        1 => prop::collection::vec(line, 0..70),
    ]
}

/// Lines over few keys and limits, so that they meet again and again.
fn few_lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (0..3_usize, 1..15_usize, 0..4_u64);
    prop_oneof![prop::collection::vec(line.clone(), 1), prop::collection::vec(line, 2..6)]
}

fn call(lines: impl Strategy<Value = Vec<Line>> + Clone) -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => lines.clone().prop_map(Call::Hit),
        4 => lines.clone().prop_map(Call::HitNow),
        3 => lines.prop_map(Call::Peek),
        3 => any::<prop::sample::Index>().prop_map(Call::Refund),
        1 => (0..keys().len(), 0..limits().len()).prop_map(|(key, limit)| Call::Reset(key, limit)),
    ]
}

struct Run {
    pair: Pair,
    keys: Vec<Key>,
    limits: Vec<Limit>,
    receipts: Vec<(Receipt, Receipt)>,
}

impl Run {
    fn new() -> Self {
        Self { pair: Pair::new(), keys: keys(), limits: limits(), receipts: Vec::new() }
    }

    fn make(&mut self, step: Step, call: &Call) -> Result<(), TestCaseError> {
        step.take(&self.pair.clock);
        let Pair { memory, model, .. } = &self.pair;
        match call {
            Call::Hit(lines) => {
                let charges = charges(&self.keys, &self.limits, lines);
                let answers = (at_once(memory.hit(&charges)), at_once(model.hit(&charges)));
                let receipts = same(answers.0, answers.1, call)?.map(|both| receipts(both, &charges));
                self.receipts.extend(receipts);
            }
            Call::HitNow(lines) => {
                let charges = charges(&self.keys, &self.limits, lines);
                let (got, wanted) = (memory.hit_now(&charges).unwrap(), model.hit_now(&charges).unwrap());
                self.receipts.extend(same(got, wanted, call)?.map(|both| receipts(both, &charges)));
            }
            Call::Peek(lines) => {
                let charges = charges(&self.keys, &self.limits, lines);
                same(at_once(memory.peek(&charges)), at_once(model.peek(&charges)), call)?;
            }
            Call::Refund(which) if !self.receipts.is_empty() => {
                let (mine, theirs) = self.receipts.swap_remove(which.index(self.receipts.len()));
                same(at_once(memory.refund(mine)), at_once(model.refund(theirs)), call)?;
            }
            Call::Refund(_) => {}
            Call::Reset(key, limit) => {
                let (key, limit) = (&self.keys[*key], &self.limits[*limit]);
                same(at_once(memory.reset(key, limit)), at_once(model.reset(key, limit)), call)?;
            }
        }
        Ok(())
    }
}

fn charges<'a>(keys: &'a [Key], limits: &'a [Limit], lines: &[Line]) -> Vec<Charge<'a>> {
    let charge = |(key, limit, cost): &Line| Charge::new(&keys[*key], &limits[*limit]).with_cost(*cost);
    lines.iter().map(charge).collect()
}

fn receipts((got, wanted): (Decision, Decision), charges: &[Charge<'_>]) -> (Receipt, Receipt) {
    (got.into_receipt(charges).unwrap(), wanted.into_receipt(charges).unwrap())
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn any_calls_on_any_limits(calls in prop::collection::vec((any_step(), call(lines().boxed())), 1..200)) {
        let mut run = Run::new();
        for (step, call) in &calls {
            run.make(*step, call)?;
        }
    }

    #[test]
    fn many_calls_on_few_counters(calls in prop::collection::vec((any_step(), call(few_lines().boxed())), 1..300)) {
        let mut run = Run::new();
        for (step, call) in &calls {
            run.make(*step, call)?;
        }
    }
}
