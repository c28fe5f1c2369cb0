//! Lets several tasks ask at once, round after round.

use std::fmt::{Display, Write};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use limiter_core::{Clock, Result as Answered};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::sync::Barrier;

use crate::histories::{Begun, Operation, Recorder, Specification, explain};
use crate::suite::Running;
use crate::trial::Trial;

/// How many rounds there are, where the candidate is quick.
const ROUNDS: u32 = 3_000;
/// How many there are at least, however slow it is.
const FEWEST: u32 = 40;
/// After how long there are no more than the fewest.
const LONGEST: Duration = Duration::from_secs(1);
/// A time for specifications, where the store's own doesn't matter.
const ANY_MS: u64 = 1_700_000_000_000;

/// The history of one round.
pub(super) type History<R> = Vec<
    Operation<
        <<R as Asked>::Specification as Specification>::Call,
        <<R as Asked>::Specification as Specification>::Answer,
    >,
>;

/// What records the history of one round.
pub(super) type Records<R> = Recorder<
    <<R as Asked>::Specification as Specification>::Call,
    <<R as Asked>::Specification as Specification>::Answer,
>;

/// One round: counters that were never used, and what each task asks of them.
pub(super) trait Asked: Send + Sync + 'static {
    /// What explains the answers.
    type Specification: Specification<Call: Display + Send, Answer: Display + Send>;
    /// A call as it is drawn.
    type Plan: Send;

    /// What explains the answers of calls at a time.
    fn specification(now_ms: u64) -> Self::Specification;

    /// What each task asks.
    fn plans(&mut self) -> Vec<Vec<Self::Plan>>;

    /// Asks one thing after the other.
    fn ask(
        &self,
        plan: Vec<Self::Plan>,
        records: &Records<Self>,
    ) -> impl Future<Output = Answered<()>> + Send
    where
        Self: Sized;
}

/// Draws what a round asks.
pub(super) struct Drawing<'a>(&'a mut TestRunner);

impl Drawing<'_> {
    pub(super) fn draw<T>(&mut self, strategy: &impl Strategy<Value = T>) -> Result<T, String> {
        strategy.new_tree(self.0).map(|tree| tree.current()).map_err(|reason| reason.to_string())
    }
}

/// Plays rounds, until one is found that no order explains.
pub(super) fn hold<R: Asked>(
    running: &Running<'_>,
    round: impl Fn(&Trial, &mut Drawing<'_>) -> Result<R, String>,
) -> Result<(), String> {
    let trial = Trial::of(running.candidate());
    let now_ms = trial.clock().map_or(ANY_MS, Clock::now_ms);
    let mut runner = running.runner(ROUNDS);
    let rounds = runner.config().cases;
    let (longest, start) = (LONGEST * (rounds / ROUNDS), Instant::now());
    for number in 0..rounds {
        if number >= FEWEST && start.elapsed() > longest {
            break;
        }
        let history = running.block_on(played(round(&trial, &mut Drawing(&mut runner))?))?;
        if explain(&R::specification(now_ms), &history).is_none() {
            return Err(told::<R>(&history));
        }
    }
    Ok(())
}

/// Lets all tasks ask at once.
async fn played<R: Asked>(mut round: R) -> Result<History<R>, String> {
    let plans = round.plans();
    let shared = Arc::new((round, Records::<R>::new(), Barrier::new(plans.len())));
    let mut tasks = Vec::new();
    for plan in plans {
        let shared = Arc::clone(&shared);
        tasks.push(tokio::spawn(async move {
            let (round, records, barrier) = &*shared;
            barrier.wait().await;
            round.ask(plan, records).await
        }));
    }
    for task in tasks {
        let asked = task.await.map_err(|error| format!("a task that asked didn't end: {error}"))?;
        asked.map_err(|error| format!("a valid call was answered with an error: {error}"))?;
    }
    let shared = Arc::into_inner(shared).ok_or("a task that had ended was still there")?;
    Ok(shared.1.into_history())
}

/// Records an answer, or an error after which nothing was done. An error that leaves it open is recorded as such.
pub(super) fn answered<C, A, T>(begun: Begun<'_, C, A>, answer: Answered<T>) -> Answered<()>
where
    A: From<T>,
{
    match answer {
        Ok(answer) => begun.answered(answer.into()),
        Err(error) if error.may_have_charged() => drop(begun),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The history as a list, by when each call began.
fn told<R: Asked>(history: &History<R>) -> String {
    let mut text = String::from(
        "broken promise: calls at once happen as if one after the other\n  no order of these calls, between their \
         beginnings and their ends, explains every answer:\n",
    );
    for (place, Operation { call, begun, answered }) in history.iter().enumerate() {
        let _ = match answered {
            Some((end, answer)) => {
                writeln!(text, "  {}. from {begun} to {end}: {call}\n     {answer}", place + 1)
            }
            None => writeln!(text, "  {}. from {begun} on: {call}\n     never answered", place + 1),
        };
    }
    text
}
