//! Puts a wrong backend before a property, and counts the calls that show its fault.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_testkit::suite::{Declared, Making, hold};
use limiter_testkit::{Candidate, Model};

const HANDED_IN: Declared = Declared {
    real_time: false,
    keys_apart: false,
    durable: false,
    shared: false,
    early_refusals: false,
    parts: &[],
};

/// A candidate, one part of which is wrong.
pub(crate) fn candidate(wrong: impl FnOnce(Backend, ManualClock) -> Backend) -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    let backend = Backend::new("wrong", Arc::new(Model::new(clock.clone())));
    Candidate::new(wrong(backend, clock.clone())).with_clock(clock)
}

/// The calls of the shortest sequence that a candidate answers wrongly.
#[track_caller]
pub(crate) fn shortest(group: &str, name: &str, make: impl Fn() -> Candidate) -> Vec<String> {
    let told = told(group, name, make);
    assert!(told.contains("\n  wanted: ") && told.contains("\n  got:    "), "{told}");
    told.lines().filter(|line| line.contains(". at ")).map(str::to_owned).collect()
}

/// What a property tells of a candidate that breaks it.
#[track_caller]
pub(crate) fn told(group: &str, name: &str, make: impl Fn() -> Candidate) -> String {
    broken(HANDED_IN, group, name, make).expect("the fault wasn't found")
}

/// What a property tells of a candidate on a clock of its own; nothing if it didn't see it break.
pub(crate) fn told_in_real_time(group: &str, name: &str, make: impl Fn() -> Candidate) -> Option<String> {
    broken(Declared { real_time: true, ..HANDED_IN }, group, name, make)
}

fn broken(declared: Declared, group: &str, name: &str, make: impl Fn() -> Candidate) -> Option<String> {
    let make = || -> Making { Box::pin(std::future::ready(make())) };
    let held = catch_unwind(AssertUnwindSafe(|| hold(&declared, group, name, &make)));
    held.err().map(|told| told.downcast_ref::<String>().unwrap().clone())
}
