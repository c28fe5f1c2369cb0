//! Calls that go to the server together, and what comes back.

use limiter_core::{Error, Result};
use tokio::time::Instant;

use super::asked::Asked;
use super::line::Line;
use crate::call::{Argument, Call};
use crate::reply::unexpected;
use crate::store::Wait;

/// Calls that go to the server together, in the order in which they came.
#[derive(Debug)]
pub(super) struct Batch {
    calls: Vec<Asked>,
}

/// What became of a call in a batch.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Told(Vec<i64>),
    /// Somebody else holds the row of this counter.
    Held(Vec<u8>),
}

impl Batch {
    /// Those of the calls whose callers still wait. From here on they count as sent.
    pub(super) fn new(calls: impl IntoIterator<Item = Asked>) -> Self {
        Self { calls: calls.into_iter().filter(Asked::send).collect() }
    }

    /// A call that was sent before, with others, and is sent again alone.
    pub(super) fn again(call: Asked) -> Self {
        Self { calls: vec![call] }
    }

    pub(super) const fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// When the last of its callers stops waiting.
    pub(super) fn deadline(&self) -> Instant {
        self.calls.iter().map(Asked::deadline).max().unwrap_or_else(Instant::now)
    }

    /// When the first of them does.
    pub(super) fn first_deadline(&self) -> Instant {
        self.calls.iter().map(Asked::deadline).min().unwrap_or_else(Instant::now)
    }

    /// How often the most patient of its calls has waited for a row.
    pub(super) fn waits(&self) -> u32 {
        self.calls.iter().map(Asked::waits).max().unwrap_or(0)
    }

    /// The calls again.
    pub(super) fn into_calls(self) -> Vec<Asked> {
        self.calls
    }

    /// The statement for them, without the time. `held` is the counter whose row is to be waited for, and `wait` says how
    /// by its place.
    pub(super) fn call(&self, durable: bool, held: Option<&[u8]>, wait: impl Fn(usize) -> Wait) -> Call {
        let Some(line) = self.only_line() else { return self.call_of_many(durable, held, wait) };
        let call = Call::of_value("hit_one", "hit", true).with(Argument::Key(line.counter().to_vec()));
        let numbers = line.numbers().map(|number| Argument::Number(Some(number)));
        let call = numbers.into_iter().fold(call, Call::with);
        finished(call, durable, held.map_or(Wait::Hardly, |_| wait(1)))
    }

    fn call_of_many(&self, durable: bool, held: Option<&[u8]>, wait: impl Fn(usize) -> Wait) -> Call {
        let counters = self.counters();
        let place = |line: &Line| counters.binary_search(&line.counter()).unwrap_or(0) + 1;
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let sizes = self.calls.iter().map(|call| number(call.lines().len())).collect();
        let charges = self.lines().flat_map(|line| [number(place(line))].into_iter().chain(line.numbers()));
        let charges = charges.collect();
        let wait = held
            .and_then(|held| counters.binary_search(&held).ok())
            .map_or(Wait::Hardly, |index| wait(index + 1));
        let call = Call::new("hit_many", "hit", true)
            .with(Argument::Keys(counters.iter().map(|counter| counter.to_vec()).collect()))
            .with(Argument::Numbers(sizes))
            .with(Argument::Numbers(charges));
        finished(call, durable, wait)
    }

    /// Tells each caller what the statement answered; the calls that weren't decided come back, each with the counter
    /// whose row is held.
    pub(super) fn tell(self, answer: &[i64]) -> Vec<(Vec<u8>, Asked)> {
        let mut undecided = Vec::new();
        match self.fates(answer) {
            Ok(fates) => {
                for (call, fate) in self.calls.into_iter().zip(fates) {
                    match fate {
                        Fate::Told(told) => call.tell(Ok(told)),
                        Fate::Held(counter) => undecided.push((counter, call)),
                    }
                }
            }
            Err(error) => self.fail(|| copy_of(&error).possibly_charged()),
        }
        undecided
    }

    /// Tells every caller that it failed.
    pub(super) fn fail(self, error: impl Fn() -> Error) {
        for call in self.calls {
            call.tell(Err(error()));
        }
    }

    fn fates(&self, answer: &[i64]) -> Result<Vec<Fate>> {
        if let Some(line) = self.only_line() {
            return Ok(vec![match answer {
                [-1] => Fate::Held(line.counter().to_vec()),
                told => Fate::Told(told.to_vec()),
            }]);
        }
        let counters = self.counters();
        let mut left = answer;
        let fates = self.calls.iter().map(|call| fate(call, &counters, &mut left)).collect::<Result<_>>()?;
        if left.is_empty() { Ok(fates) } else { Err(unexpected("has more calls than were asked")) }
    }

    /// All counters of all calls, each once, in ascending order.
    fn counters(&self) -> Vec<&[u8]> {
        let mut counters: Vec<_> = self.lines().map(Line::counter).collect();
        counters.sort_unstable();
        counters.dedup();
        counters
    }

    /// The only line of the only call, where it is so.
    fn only_line(&self) -> Option<&Line> {
        match self.calls.as_slice() {
            [call] => <&[Line; 1]>::try_from(call.lines()).ok().map(|[line]| line),
            _ => None,
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.calls.iter().flat_map(Asked::lines)
    }
}

/// Reads what became of one call off the front of an answer.
fn fate(call: &Asked, counters: &[&[u8]], left: &mut &[i64]) -> Result<Fate> {
    let short = || unexpected("is too short");
    let (head, rest) = left.split_first().ok_or_else(short)?;
    let each = match *head {
        1 => 3,
        0 => 4,
        held => {
            *left = rest;
            let place = held.checked_neg().and_then(|place| usize::try_from(place).ok());
            let counter = place.and_then(|place| counters.get(place.checked_sub(1)?));
            let counter = counter.ok_or_else(|| unexpected("names a row that wasn't asked for"))?;
            return Ok(Fate::Held(counter.to_vec()));
        }
    };
    let (told, rest) = rest.split_at_checked(each * call.lines().len()).ok_or_else(short)?;
    *left = rest;
    Ok(Fate::Told(told.to_vec()))
}

fn finished(call: Call, durable: bool, wait: Wait) -> Call {
    wait.arguments().into_iter().fold(call.with(Argument::Flag(durable)), Call::with)
}

/// The same error for another caller.
pub(super) fn copy_of(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message());
    if error.may_have_charged() { copy.possibly_charged() } else { copy }
}
