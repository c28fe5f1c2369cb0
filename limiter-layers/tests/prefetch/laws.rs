//! Several instances over one store never pass the limit, judged by brute force over random histories.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Backend, Charge, Decision, Key, Limit, RateLimiter, RateLimiterExt, Receipt, Result, limit,
};
use limiter_layers::PrefetchLayer;
use limiter_testkit::Trial;
use limiter_testkit::laws::rates::{Hit, never_beyond_the_limit};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::store::{START_MS, Store};

/// Who is asked, after how long, for how much.
#[derive(Clone, Copy, Debug)]
struct Step {
    who: usize,
    wait_ms: u64,
    cost: u64,
    /// Whether the layers look after what they hold first.
    looks: bool,
}

/// Asks one instance after the other, as it was drawn.
#[derive(Debug)]
struct Turns {
    instances: Vec<Backend>,
    steps: Mutex<VecDeque<Step>>,
}

#[async_trait]
impl RateLimiter for Turns {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let step = self.steps.lock().unwrap().pop_front().unwrap();
        if step.looks {
            sleep(Duration::from_millis(101)).await;
        }
        self.instances[step.who].rates.hit_all(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.instances[0].rates.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.instances[0].rates.refund(receipt).await
    }

    async fn reset(&self, _: &Key, _: &Limit) -> Result<()> {
        Ok(())
    }
}

fn steps(window_ms: u64, most: usize) -> impl Strategy<Value = Vec<Step>> {
    let wait_ms = prop_oneof![
        40 => Just(0_u64),
        8 => 1..4_u64,
        2 => 1..window_ms / 4,
        1 => window_ms / 2..window_ms * 3 / 2,
    ];
    let cost = prop_oneof![8 => Just(1_u64), 1 => 2..6_u64];
    // Mostly one after the other of the same: that is what makes it hold some.
    let who = prop_oneof![5 => Just(0_usize), 2 => Just(1), 2 => Just(2)];
    let step = (who, wait_ms, cost, prop::bool::weighted(0.02));
    vec(step.prop_map(|(who, wait_ms, cost, looks)| Step { who, wait_ms, cost, looks }), 1..most)
}

fn never_passed(limit: Limit, inputs: u32, most: usize) {
    let long = std::env::var_os("TESTKIT_LONG").is_some_and(|value| value == "1");
    let cases = if long { inputs * 100 } else { inputs };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let window_ms = limit.window_ms();
    proptest!(config, |(steps in steps(window_ms, most))| {
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
        runtime.block_on(async {
            let store = Store::new();
            let trial = Trial::handed_in(store.clock.clone());
            let instance = |_| store.prefetched(PrefetchLayer::default().with_share(2));
            let mut at_ms = START_MS;
            let history: Vec<_> = steps.iter().map(|step| {
                at_ms += step.wait_ms;
                Hit { at_ms, cost: step.cost }
            }).collect();
            let turns = Turns { instances: (0..3).map(instance).collect(), steps: Mutex::new(steps.into()) };
            never_beyond_the_limit(&turns, &trial, &limit.into(), &history).await
        })?;
    });
}

#[test]
fn a_fixed_window_is_never_passed() {
    never_passed(limit!("fixed 120/s"), 100, 300);
}

#[test]
fn a_sliding_window_is_never_passed() {
    never_passed(limit!("120/s"), 100, 300);
}

#[test]
fn a_bucket_is_never_passed() {
    never_passed(limit!("bucket 60/s burst 120"), 60, 180);
    never_passed(limit!("bucket 400/s burst 90"), 60, 180);
}

#[test]
fn the_histories_hold_permits_and_refuse_hits() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut runner = TestRunner::deterministic();
    let (mut asked, mut hits, mut denied, mut back) = (0, 0, 0, 0);
    for _ in 0..50 {
        let steps = steps(1000, 300).new_tree(&mut runner).unwrap().current();
        runtime.block_on(async {
            let store = Store::new();
            let instances: Vec<_> =
                (0..3).map(|_| store.prefetched(PrefetchLayer::default().with_share(2))).collect();
            let (key, limit) = (crate::store::key(), limit!("120/s"));
            for step in &steps {
                store.advance_ms(step.wait_ms);
                let decision = instances[step.who].rates.hit_cost(&key, &limit, step.cost).await.unwrap();
                denied += usize::from(!decision.is_allowed());
            }
            (asked, hits, back) =
                (asked + store.costs().len(), hits + steps.len(), back + store.refunds().len());
        });
    }
    assert!(
        asked < hits * 3 / 4 && denied > hits / 20 && back > 50,
        "{hits} hits: {asked}, {denied}, {back}"
    );
}
