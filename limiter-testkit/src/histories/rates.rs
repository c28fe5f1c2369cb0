//! What calls on rates do, one after the other.

use std::collections::HashMap;
use std::fmt;

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Algorithm, Charge, Decision, Key, Limit};

use super::explain::Specification;

/// Rates by core's pure functions, all calls at one time.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    now_ms: u64,
}

/// A key, a limit and a cost.
type Line = (Key, Limit, u64);

/// A call on rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateCall {
    /// A hit of these charges.
    Hit(Vec<(Key, Limit, u64)>),
    /// A look at these charges.
    Peek(Vec<(Key, Limit, u64)>),
    /// A refund of these, which were charged before. Answered with [`RateAnswer::Done`].
    Refund(Vec<(Key, Limit, u64)>),
    /// A reset of one counter. Answered with [`RateAnswer::Done`].
    Reset(Key, Limit),
}

/// The answer to a [`RateCall`], without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateAnswer {
    /// For each charge, whether it fits and what is left.
    Decided(Vec<(bool, u64)>),
    /// It was done.
    Done,
}

impl Rates {
    /// Rates that are asked at a time, in milliseconds since the Unix epoch: where the clock stands that was handed
    /// in, or any other.
    pub const fn at(now_ms: u64) -> Self {
        Self { now_ms }
    }
}

impl From<Decision> for RateAnswer {
    fn from(decision: Decision) -> Self {
        Self::from(&decision)
    }
}

impl From<&Decision> for RateAnswer {
    fn from(decision: &Decision) -> Self {
        let outcomes = decision.outcomes().iter();
        Self::Decided(outcomes.map(|outcome| (outcome.is_allowed(), outcome.remaining())).collect())
    }
}

type Counters = HashMap<(Key, Algorithm, u64), AnyCounter>;

impl Specification for Rates {
    type State = Counters;
    type Call = RateCall;
    type Answer = RateAnswer;

    fn start(&self) -> Counters {
        Counters::new()
    }

    fn apply(&self, state: &mut Counters, call: &RateCall) -> RateAnswer {
        match call {
            RateCall::Hit(lines) => hit(state, lines, self.now_ms),
            RateCall::Peek(lines) => {
                (&AnyCounter::peek(&mut counters(state, lines), &charges(lines), self.now_ms)).into()
            }
            RateCall::Refund(lines) => {
                for line in lines {
                    let charge = charge(line);
                    let mut counter = counter(state, line);
                    if counter.refund(&charge, self.now_ms, self.now_ms) {
                        state.insert(place(line), counter);
                    }
                }
                RateAnswer::Done
            }
            RateCall::Reset(key, limit) => {
                state.remove(&place(&(key.clone(), *limit, 0)));
                RateAnswer::Done
            }
        }
    }
}

fn hit(state: &mut Counters, lines: &[Line], now_ms: u64) -> RateAnswer {
    let mut counters = counters(state, lines);
    let decision = AnyCounter::hit(&mut counters, &charges(lines), now_ms);
    for ((outcome, counter), line) in decision.outcomes().iter().zip(counters).zip(lines) {
        if outcome.charged_at_ms().is_some() {
            state.insert(place(line), counter);
        }
    }
    decision.into()
}

fn place((key, limit, _): &Line) -> (Key, Algorithm, u64) {
    (key.clone(), limit.algorithm(), limit.window_ms())
}

const fn charge((key, limit, cost): &Line) -> Charge<'_> {
    Charge::new(key, limit).with_cost(*cost)
}

fn charges(lines: &[Line]) -> Vec<Charge<'_>> {
    lines.iter().map(charge).collect()
}

fn counter(state: &Counters, line: &Line) -> AnyCounter {
    state.get(&place(line)).cloned().unwrap_or_else(|| AnyCounter::new(line.1.algorithm()))
}

fn counters(state: &Counters, lines: &[Line]) -> Vec<AnyCounter> {
    lines.iter().map(|line| counter(state, line)).collect()
}

/// The call in words. Of a key it shows the space alone.
impl fmt::Display for RateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |(key, limit, cost): &Line| format!("{cost} of {} by {limit}", key.space());
        let listed = |lines: &[Line]| lines.iter().map(line).collect::<Vec<_>>().join(" and ");
        match self {
            Self::Hit(lines) => write!(f, "hit {}", listed(lines)),
            Self::Peek(lines) => write!(f, "peek at {}", listed(lines)),
            Self::Refund(lines) if lines.is_empty() => f.write_str("refund nothing"),
            Self::Refund(lines) => write!(f, "refund {}", listed(lines)),
            Self::Reset(key, limit) => write!(f, "reset {} by {limit}", key.space()),
        }
    }
}

/// The answer in words.
impl fmt::Display for RateAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Decided(outcomes) = self else {
            return f.write_str("done");
        };
        let outcome = |(allowed, remaining): &(bool, u64)| {
            format!("{}, {remaining} remaining", if *allowed { "allowed" } else { "denied" })
        };
        f.write_str(&outcomes.iter().map(outcome).collect::<Vec<_>>().join("; "))
    }
}
