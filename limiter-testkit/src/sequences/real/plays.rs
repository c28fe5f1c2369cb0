//! Plays sequences in real time, and follows what the reference may have answered.

use std::fmt::{Debug, Display, Write};
use std::ops::RangeInclusive;
use std::time::Duration;

use limiter_core::Result as Answered;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::store_clock::StoreClock;
use super::worlds::{Left, Worlds};
use crate::sequences::words::Words;
use crate::suite::Running;
use crate::trial::Trial;

/// How long a sequence lasts, in milliseconds.
const LASTS_MS: i64 = 1_800;
/// How many calls there are at most.
const CALLS: usize = 400;
/// A sequence that was followed for so many calls tells something.
const TELLS: usize = 25;
/// How often a sequence is tried again that told nothing.
const TRIES: u32 = 5;

/// A store in real time, and what the reference makes of the same calls.
pub(super) trait Real {
    /// A state of the reference.
    type World: Clone + PartialEq;
    /// What can be asked.
    type Call: Clone + Debug + Display;
    /// What is answered.
    type Answer: PartialEq + Words;

    /// The state of counters that were never used.
    fn start(&self) -> Self::World;

    /// Calls to draw from.
    fn calls(&self) -> BoxedStrategy<Self::Call>;

    /// The call that was drawn, where it refers to what was answered before.
    fn chosen(&mut self, drawn: Self::Call) -> Self::Call {
        drawn
    }

    /// The store's time, by a probe that nothing else depends on.
    async fn now_ms(&mut self) -> Answered<u64>;

    /// Asks the store.
    async fn ask(&self, call: &Self::Call) -> Answered<Self::Answer>;

    /// Asks the reference, in a state and at a time.
    fn apply(&self, world: &mut Self::World, call: &Self::Call, now_ms: u64) -> Answered<Self::Answer>;

    /// Remembers what later calls refer to.
    fn remember(&mut self, _: &Self::Call, _: &Self::Answer) {}
}

/// How a sequence ended that wasn't answered wrongly.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Told,
    ToldNothing,
}

/// Plays sequences one after the other. Only if none of them tells anything, that fails too.
pub(super) fn hold<R: Real>(
    running: &Running<'_>,
    new: impl Fn(&Trial) -> Answered<R>,
) -> Result<(), String> {
    let trial = Trial::of(running.candidate());
    let mut runner = running.runner(1);
    let inputs = runner.config().cases;
    let mut told = 0;
    for input in 0..inputs + TRIES {
        if input >= inputs && told > 0 {
            break;
        }
        let real = new(&trial).map_err(|error| error.to_string())?;
        if running.block_on(Sequence::new(real).play(&mut runner))? == Ended::Told {
            told += 1;
        }
    }
    if told > 0 {
        return Ok(());
    }
    Err(format!(
        "no sequence told anything in {TRIES} tries: calls take too long, or the store's clock is set all the time"
    ))
}

/// One sequence under way.
struct Sequence<R: Real> {
    real: R,
    worlds: Worlds<R::World>,
    clock: StoreClock,
    history: String,
}

impl<R: Real> Sequence<R> {
    fn new(real: R) -> Self {
        let worlds = Worlds::one(real.start());
        Self { real, worlds, clock: StoreClock::new(), history: String::new() }
    }

    async fn play(mut self, runner: &mut TestRunner) -> Result<Ended, String> {
        let drawn = (pause_ms(), self.real.calls());
        let mut before_ms = self.look().await?;
        for followed in 0..CALLS {
            if self.clock.here_ms() > LASTS_MS && followed >= TELLS {
                break;
            }
            let (pause_ms, call) = drawn.new_tree(runner).map_err(|why| why.to_string())?.current();
            let call = self.real.chosen(call);
            if pause_ms > 0 {
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                before_ms = self.look().await?;
            }
            let answer = self.real.ask(&call).await;
            let after_ms = self.look().await?;
            if !self.follows(&call, &answer, before_ms..=after_ms)? {
                return Ok(if followed >= TELLS { Ended::Told } else { Ended::ToldNothing });
            }
            if let Ok(answer) = &answer {
                self.real.remember(&call, answer);
            }
            before_ms = after_ms;
        }
        Ok(Ended::Told)
    }

    /// The store's time.
    async fn look(&mut self) -> Result<u64, String> {
        let asked_ms = self.clock.here_ms();
        let now_ms = self.real.now_ms().await.map_err(|error| format!("no time of the store: {error}"))?;
        self.clock.showed(now_ms, asked_ms);
        Ok(now_ms)
    }

    /// Whether the sequence can be followed past an answer. One that the reference can't have given is an error.
    fn follows(
        &mut self,
        call: &R::Call,
        answer: &Answered<R::Answer>,
        between_ms: RangeInclusive<u64>,
    ) -> Result<bool, String> {
        let (start_ms, end_ms) = (*between_ms.start(), *between_ms.end());
        let _ = writeln!(self.history, "  between {start_ms} and {end_ms}: {call}\n    {}", answer.words());
        if start_ms > end_ms || answer.as_ref().is_err_and(limiter_core::Error::is_transient) {
            return Ok(false);
        }
        let real = &self.real;
        let left =
            self.worlds.keep(between_ms, |world, at_ms| match (real.apply(world, call, at_ms), answer) {
                (Ok(wanted), Ok(got)) => wanted == *got,
                (Err(wanted), Err(got)) => wanted.kind() == got.kind(),
                _ => false,
            });
        match left {
            Left::Some => Ok(true),
            Left::TooMany => Ok(false),
            Left::None if !self.clock.is_steady() => Ok(false),
            Left::None => Err(format!(
                "broken promise: calls in real time are answered exactly\n  at no millisecond between the two times \
                 does the reference give the last answer after these:\n{}",
                self.history
            )),
        }
    }
}

/// Waits between two calls: mostly none, at times long enough that something turns.
fn pause_ms() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![30 => Just(0), 8 => 1..12_u64, 2 => 20..60_u64, 1 => 100..150_u64]
}
