//! Draws random sequences, and puts a promise to the proof over them.

use std::cell::RefCell;
use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use proptest::test_runner::TestError;
use proptest_state_machine::Sequential;

use super::clock::{Hands, Step, starts};
use super::play::{Play, Stage, Timed, Wrong};
use crate::suite::Running;

/// What sequences are drawn from.
pub(super) trait Draw: Clone + Send + Sync + 'static {
    /// What can be asked.
    type Call: Clone + Debug + 'static;
    /// What of the calls so far decides which may follow.
    type Past: Clone + Debug + Default + 'static;

    /// How the clock moves between two calls.
    fn step(&self) -> BoxedStrategy<Step>;

    /// A call after those.
    fn call(&self, past: &Self::Past) -> BoxedStrategy<Self::Call>;

    /// Whether a call may follow, where others have been left out.
    fn follows(&self, past: &Self::Past, call: &Self::Call) -> bool;

    /// The past of the next call.
    fn after(&self, past: Self::Past, call: &Self::Call) -> Self::Past;
}

/// A promise over random sequences.
pub(super) struct Sequences<D> {
    pub(super) promise: &'static str,
    pub(super) inputs: u32,
    pub(super) length: RangeInclusive<usize>,
    pub(super) draw: D,
}

/// What was drawn: when it starts, and each call with the clock's step before it.
type Drawn<D> = (u64, Vec<(Step, <D as Draw>::Call)>);

impl<D: Draw> Sequences<D> {
    /// Plays them all; tells the shortest that is answered wrongly.
    pub(super) fn hold<P: Play<Call = D::Call>>(&self, running: &Running<'_>) -> Result<(), String>
    where
        D::Call: super::play::Call,
    {
        let stage = Stage::new(running)?;
        let wrong: RefCell<Option<Wrong<D::Call>>> = RefCell::default();
        let drawn = running.runner(self.inputs).run(&self.strategy(), |((start_ms, _), calls, seen)| {
            if wrong.borrow().is_none() {
                stage.count_input();
            }
            let calls = timed::<D>((start_ms + stage.era_ms(), calls));
            let count = || {
                if let Some(seen) = &seen {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            };
            match stage.play::<P>(&calls, count) {
                Ok(None) => Ok(()),
                Ok(found) => {
                    wrong.replace(found);
                    Err(TestCaseError::fail("answered wrongly"))
                }
                Err(broken) => Err(TestCaseError::fail(broken.to_string())),
            }
        });
        match (drawn, wrong.into_inner()) {
            (Ok(()), _) => Ok(()),
            // The last sequence that failed; the value tree may have gone on to one that doesn't.
            (Err(TestError::Fail(..)), Some(wrong)) => match stage.shorten::<P>(wrong) {
                Ok(shortest) => Err(shortest.told(self.promise)),
                Err(broken) => Err(broken.to_string()),
            },
            (Err(TestError::Fail(why, (start, calls, _))), None) => {
                Err(format!("{why}\nfrom {} on: {calls:#?}", start.0))
            }
            (Err(TestError::Abort(why)), _) => Err(why.to_string()),
        }
    }

    #[expect(clippy::type_complexity, reason = "the strategy's own parameters")]
    fn strategy(
        &self,
    ) -> Sequential<
        (u64, D::Past),
        (Step, D::Call),
        BoxedStrategy<(u64, D::Past)>,
        BoxedStrategy<(Step, D::Call)>,
    > {
        let (follow, draw, next) = (self.draw.clone(), self.draw.clone(), self.draw.clone());
        Sequential::new(
            self.length.clone().into(),
            || starts().prop_map(|start_ms| (start_ms, D::Past::default())).boxed(),
            move |(_, past), (_, call)| follow.follows(past, call),
            move |(_, past)| (draw.step(), draw.call(past)).boxed(),
            move |(start_ms, past), (_, call)| (start_ms, next.after(past, call)),
        )
    }
}

/// The calls at their times.
fn timed<D: Draw>((start_ms, calls): Drawn<D>) -> Vec<Timed<D::Call>> {
    let mut hands = Hands::at(start_ms);
    calls.into_iter().map(|(step, call)| Timed { at_ms: hands.moved(step), call }).collect()
}
