//! Looks for an order that explains a history.
//!
//! The search is that of Wing and Gong (1993): of the calls that may have come first, try each that the specification
//! answers as it was answered, then go on with the rest. What Lowe (2017) adds keeps it short: the same calls done
//! with the same state to show for it needn't be tried twice.

use std::collections::HashMap;

/// What calls do, one after the other.
pub trait Specification {
    /// What is kept between two calls.
    type State: Clone + PartialEq;
    /// What can be asked.
    type Call;
    /// What is answered.
    type Answer: PartialEq;

    /// The state before the first call.
    fn start(&self) -> Self::State;

    /// Makes a call, and answers it.
    fn apply(&self, state: &mut Self::State, call: &Self::Call) -> Self::Answer;
}

/// One call of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<C, A> {
    /// What was asked.
    pub call: C,
    /// When it was asked: its place among all beginnings and ends of the history.
    pub begun: u64,
    /// When it was answered and what, if it was. What was not may have happened at any time after, or never.
    pub answered: Option<(u64, A)>,
}

/// An order of the history's calls, by their places in it, that explains every answer; `None` when there is none.
///
/// A call that had ended before another began comes before it. The time it takes grows with how many calls overlap,
/// at worst exponentially: a few at a time are plenty.
pub fn explain<S: Specification>(
    specification: &S,
    history: &[Operation<S::Call, S::Answer>],
) -> Option<Vec<usize>> {
    let mut search = Search { specification, history, tried: HashMap::new(), order: Vec::new() };
    let done = vec![false; history.len()];
    search.goes_on(&done, &specification.start()).then_some(search.order)
}

struct Search<'a, S: Specification> {
    specification: &'a S,
    history: &'a [Operation<S::Call, S::Answer>],
    /// The states that were reached by these calls, and from which no order leads on.
    tried: HashMap<Vec<bool>, Vec<S::State>>,
    order: Vec<usize>,
}

impl<S: Specification> Search<'_, S> {
    /// Whether the calls that aren't done can be made one after the other from this state.
    fn goes_on(&mut self, done: &[bool], state: &S::State) -> bool {
        let Some(first_end) = self.first_end(done) else {
            return true;
        };
        for (place, operation) in self.history.iter().enumerate() {
            // What began after another's end can't come before it.
            if done[place] || operation.begun > first_end {
                continue;
            }
            let mut after = state.clone();
            let answer = self.specification.apply(&mut after, &operation.call);
            if operation.answered.as_ref().is_some_and(|(_, answered)| *answered != answer) {
                continue;
            }
            let mut with = done.to_vec();
            with[place] = true;
            self.order.push(place);
            if self.is_new(&with, &after) && self.goes_on(&with, &after) {
                return true;
            }
            self.order.pop();
        }
        false
    }

    /// The first end of a call that isn't done; `None` when all that were answered are.
    fn first_end(&self, done: &[bool]) -> Option<u64> {
        let open = self.history.iter().zip(done).filter(|(_, done)| !**done);
        open.filter_map(|(operation, _)| operation.answered.as_ref().map(|(end, _)| *end)).min()
    }

    fn is_new(&mut self, done: &[bool], state: &S::State) -> bool {
        let tried = self.tried.entry(done.to_vec()).or_default();
        let is_new = !tried.contains(state);
        if is_new {
            tried.push(state.clone());
        }
        is_new
    }
}
