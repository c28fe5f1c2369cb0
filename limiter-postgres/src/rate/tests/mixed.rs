//! Batches of calls that mix all algorithms, on few counters, while somebody else holds some of their rows.

use std::collections::HashSet;
use std::time::Duration;

use limiter_core::{Charge, Decision, ErrorKind, Key, Limit, ManualClock, Outcome, RateLimiter, Source};
use limiter_testkit::Model;

use super::server::{Stranger, literal, store};
use crate::rate::asked::{Asked, Told};
use crate::rate::batch::Batch;
use crate::rate::line::{Line, outcomes, unlimited};
use crate::rate::sending::Sending;

const SCHEMA: &str = "mixed";
const START_MS: u64 = 1_700_000_000_000;
const BATCHES: usize = 400;

/// Numbers as they come by chance, the same in each run.
struct Chance(u64);

/// A call: counters by number, and what each is charged.
type Wanted = Vec<(usize, u64)>;

/// What a call in a batch was told; `None` where it wasn't decided.
type Fate = Option<Decision>;

struct Field {
    counters: Vec<(Key, Limit)>,
    sending: Sending,
    model: Model,
    clock: ManualClock,
    stranger: Stranger,
}

#[tokio::test]
async fn each_call_is_told_what_the_model_tells_it_in_the_same_order() {
    let mut field = Field::new().await;
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut decided, mut denied, mut held) = (0, 0, 0);
    for _ in 0..BATCHES {
        let calls: Vec<_> = (0..=chance.below(9)).map(|_| field.any_call(&mut chance)).collect();
        let rows: HashSet<_> = (0..chance.below(3)).map(|_| chance.below(field.counters.len())).collect();
        field.stranger.hold(SCHEMA, &field.names(&rows)).await;
        let there = field.there(&rows).await;
        let fates = field.send(&calls).await;
        field.stranger.let_go().await;
        for (call, fate) in calls.iter().zip(fates) {
            let charges = field.charges(call);
            if call.iter().any(|(counter, _)| there.contains(counter)) {
                assert_eq!(fate, None, "decided over a row that somebody else holds: {charges:?}");
                held += 1;
                continue;
            }
            let wanted = field.model.hit(&charges).await.unwrap();
            assert_eq!(fate.as_ref(), Some(&wanted), "{charges:?}");
            decided += 1;
            denied += usize::from(!wanted.is_allowed());
        }
        field.pass_time(&mut chance);
    }
    assert!(decided > 1000 && denied > 200 && held > 100, "{decided} decided, {denied} denied, {held} held");
}

impl Field {
    async fn new() -> Self {
        let clock = ManualClock::new(START_MS);
        let store = store(SCHEMA, Duration::from_secs(20), Some(clock.clone())).await;
        let counters = (0..3)
            .flat_map(|who| limits().map(|limit| (Key::new("mixed", &format!("u{who}")).unwrap(), limit)));
        Self {
            counters: counters.collect(),
            sending: Sending { store, durable: false },
            model: Model::new(clock.clone()),
            clock,
            stranger: Stranger::come().await,
        }
    }

    /// One to three charges on different counters.
    fn any_call(&self, chance: &mut Chance) -> Wanted {
        let mut call = Wanted::new();
        for _ in 0..=chance.below(3) {
            let counter = chance.below(self.counters.len());
            if call.iter().all(|(other, _)| *other != counter) {
                call.push((counter, [0, 1, 1, 1, 2, 5][chance.below(6)]));
            }
        }
        call
    }

    fn charges(&self, call: &Wanted) -> Vec<Charge<'_>> {
        let charge = |&(counter, cost): &(usize, u64)| {
            let (key, limit) = &self.counters[counter];
            Charge::new(key, limit).with_cost(cost)
        };
        call.iter().map(charge).collect()
    }

    fn lines(&self, call: &Wanted) -> Vec<Line> {
        let charges = self.charges(call);
        let names = &self.sending.store.names;
        charges.iter().enumerate().filter_map(|(place, charge)| Line::new(place, charge, names)).collect()
    }

    fn names(&self, counters: &HashSet<usize>) -> Vec<Vec<u8>> {
        counters.iter().map(|counter| self.lines(&vec![(*counter, 1)])[0].counter().to_vec()).collect()
    }

    /// Those of the counters that have a row, and so one that can be held.
    async fn there(&mut self, counters: &HashSet<usize>) -> HashSet<usize> {
        let mut there = HashSet::new();
        for counter in counters {
            let name = &self.names(&HashSet::from([*counter]))[0];
            let text = format!("select 1 from {SCHEMA}.rate where key = {}", literal(name));
            if !self.stranger.run(text).await.is_empty() {
                there.insert(*counter);
            }
        }
        there
    }

    async fn send(&self, calls: &[Wanted]) -> Vec<Fate> {
        let deadline = self.sending.store.deadline();
        let asked = calls.iter().map(|call| Asked::new(self.lines(call), Vec::new(), deadline));
        let (asked, answers): (Vec<_>, Vec<_>) = asked.unzip();
        let undecided = self.sending.send(Batch::new(asked)).await;
        // Dropped here, they end without an answer.
        drop(undecided);
        let mut fates = Vec::new();
        for (call, answer) in calls.iter().zip(answers) {
            fates.push(fate(&self.charges(call), answer.wait().await));
        }
        fates
    }

    /// Mostly a little, at times past everything, at times back.
    fn pass_time(&self, chance: &mut Chance) {
        let now_ms = limiter_core::Clock::now_ms(&self.clock);
        self.clock.set_ms(match chance.below(20) {
            0 => now_ms + 200_000,
            1 => now_ms - 500,
            2 => now_ms - 70_000,
            _ => now_ms + u64::try_from(chance.below(700)).unwrap(),
        });
    }
}

fn fate(charges: &[Charge<'_>], told: Told) -> Fate {
    let Told::Answer(told) = told else { panic!("given back: {charges:?}") };
    let (lines, told) = match told {
        Ok(told) => told,
        Err(error) if error.kind() == ErrorKind::Internal => return None,
        Err(error) => panic!("{error}"),
    };
    let mut outcomes = outcomes(&lines, &told).unwrap();
    outcomes.extend(unlimited(charges));
    outcomes.sort_unstable_by_key(Outcome::charge);
    Some(Decision::new(Source::Store, outcomes))
}

/// All algorithms, small enough to deny often; some count what they deny.
fn limits() -> [Limit; 7] {
    let (second, ten) = (Duration::from_secs(1), Duration::from_secs(10));
    [
        Limit::fixed_window(4, second).unwrap(),
        Limit::fixed_window(9, ten).unwrap().counting_denied().unwrap(),
        Limit::sliding_window(5, second).unwrap(),
        Limit::sliding_window(8, ten).unwrap().counting_denied().unwrap(),
        Limit::sliding_log(6, ten).unwrap(),
        Limit::token_bucket(5, second).unwrap().with_burst(7).unwrap(),
        Limit::token_bucket(3, ten).unwrap().counting_denied().unwrap(),
    ]
}

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }
}
