//! Plays sequences of calls, and finds the shortest that is answered wrongly.

use std::cell::Cell;
use std::fmt::{Display, Write};

use limiter_core::ManualClock;

use super::reference::{End, Fault};
use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::suite::Running;
use crate::trial::Trial;

/// A call, and the clock's time at which it is made.
#[derive(Clone, Debug)]
pub(super) struct Timed<C> {
    pub(super) at_ms: u64,
    pub(super) call: C,
}

/// A candidate and the reference, side by side.
pub(super) trait Play: Sized {
    /// What can be asked.
    type Call: Call;

    /// Both, over counters that were never used.
    fn new(candidate: &Candidate, clock: &ManualClock, trial: &Trial) -> Kept<Self>;

    /// Asks both, and holds the one's answer to the other's.
    async fn make(&mut self, call: &Self::Call) -> Result<(), End>;
}

/// What can be asked, in words.
pub(super) trait Call: Clone + Display {
    /// Calls that ask for less, the least first.
    fn simpler(&self) -> Vec<Self>;
}

/// A sequence whose last call is answered wrongly.
#[derive(Clone, Debug)]
pub(super) struct Wrong<C> {
    pub(super) calls: Vec<Timed<C>>,
    pub(super) fault: Fault,
}

/// Where sequences are played: one candidate for all of them, keys that are new for each.
pub(super) struct Stage<'a> {
    running: &'a Running<'a>,
    clock: ManualClock,
    trial: Trial,
    inputs: Cell<u64>,
}

/// After 400 years the calendar repeats, weekdays included, and so do all windows that are drawn.
const ERA_MS: u64 = 146_097 * 86_400_000;
/// How many sequences are played in one era. What they counted has gone in the next, so that no store gets full.
const PER_ERA: u64 = 64;
/// The last era ends long before numbers stop being exact.
const ERAS: u64 = 200;

impl<'a> Stage<'a> {
    /// The stage of a candidate whose clock was handed in.
    pub(super) fn new(running: &'a Running<'a>) -> Result<Self, String> {
        let Some(clock) = running.candidate().clock().cloned() else {
            return Err("sequences need the clock handed in: call `Candidate::with_clock`".to_owned());
        };
        Ok(Self { running, clock, trial: Trial::of(running.candidate()), inputs: Cell::new(0) })
    }

    /// Counts a sequence that is played for the first time.
    pub(super) fn count_input(&self) {
        self.inputs.set(self.inputs.get() + 1);
    }

    /// When the era begins in which the present sequence is played.
    pub(super) fn era_ms(&self) -> u64 {
        self.inputs.get() / PER_ERA % ERAS * ERA_MS
    }

    /// Plays a sequence; tells it up to the call that was answered wrongly, if one was.
    pub(super) fn play<P: Play>(
        &self,
        calls: &[Timed<P::Call>],
        mut seen: impl FnMut(),
    ) -> Kept<Option<Wrong<P::Call>>> {
        let mut play = P::new(self.running.candidate(), &self.clock, &self.trial)?;
        for (place, Timed { at_ms, call }) in calls.iter().enumerate() {
            seen();
            self.clock.set_ms(*at_ms);
            match self.running.block_on(play.make(call)) {
                Ok(()) => {}
                Err(End::Either) => return Ok(None),
                Err(End::Differs(fault)) => {
                    return Ok(Some(Wrong { calls: calls[..=place].to_vec(), fault }));
                }
            }
        }
        Ok(None)
    }

    /// Leaves out and simplifies what it can, as long as some call is still answered wrongly.
    pub(super) fn shorten<P: Play>(&self, wrong: Wrong<P::Call>) -> Kept<Wrong<P::Call>> {
        let mut shortest = wrong;
        loop {
            let mut found = None;
            for attempt in attempts(&shortest.calls) {
                found = self.play::<P>(&attempt, || ())?;
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some(shorter) => shortest = shorter,
                None => return Ok(shortest),
            }
        }
    }
}

/// The sequences that are a little less than this one: without a call or two, with a simpler call, with less time.
fn attempts<C: Call>(calls: &[Timed<C>]) -> impl Iterator<Item = Vec<Timed<C>>> {
    let count = calls.len();
    let without_one = (0..count).rev().map(|place| without(calls, &[place]));
    // Two that matter only together, such as a hit and its refund.
    let pairs = (0..count).flat_map(move |first| (first + 1..count).map(move |second| [first, second]));
    let without_two = pairs.map(|pair| without(calls, &pair));
    let simpler = (0..count).flat_map(move |place| {
        let simpler = calls[place].call.simpler().into_iter();
        simpler.map(move |call| replaced(calls, place, |timed| timed.call = call))
    });
    let sooner = (1..count).filter(|place| calls[*place].at_ms != calls[place - 1].at_ms).map(|place| {
        let before_ms = calls[place - 1].at_ms;
        replaced(calls, place, |timed| timed.at_ms = before_ms)
    });
    without_one.chain(without_two).chain(simpler).chain(sooner)
}

fn without<C: Clone>(calls: &[Timed<C>], places: &[usize]) -> Vec<Timed<C>> {
    let kept = calls.iter().enumerate().filter(|(place, _)| !places.contains(place));
    kept.map(|(_, timed)| timed.clone()).collect()
}

fn replaced<C: Clone>(calls: &[Timed<C>], place: usize, change: impl FnOnce(&mut Timed<C>)) -> Vec<Timed<C>> {
    let mut calls = calls.to_vec();
    change(&mut calls[place]);
    calls
}

impl<C: Call> Wrong<C> {
    /// The sequence as a numbered list, and the answer to its last call.
    pub(super) fn told(&self, promise: &str) -> String {
        let mut text = format!("broken promise: {promise}\n");
        let mut before_ms = None;
        for (place, Timed { at_ms, call }) in self.calls.iter().enumerate() {
            let step = before_ms.map_or_else(String::new, |before_ms| step(before_ms, *at_ms));
            let _ = writeln!(text, "  {}. at {at_ms}{step}: {call}", place + 1);
            before_ms = Some(*at_ms);
        }
        let Fault { wanted, got } = &self.fault;
        let _ = write!(text, "  wanted: {wanted}\n  got:    {got}");
        text
    }
}

fn step(before_ms: u64, at_ms: u64) -> String {
    match at_ms.checked_sub(before_ms) {
        Some(0) => String::new(),
        Some(on_ms) => format!(" (+{on_ms} ms)"),
        None => format!(" (-{} ms)", before_ms - at_ms),
    }
}
