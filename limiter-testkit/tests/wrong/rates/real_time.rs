//! What is wrong about time is found out without a clock that is handed in, too.

use limiter_testkit::{Broken, Candidate, Trial, cases};
use tokio::runtime::Builder;

use super::buckets::WholeSeconds;
use super::calls::calls_in_real_time;
use super::store::keeping_in_real_time;
use super::waits::in_whole_seconds;
use super::windows::{TheFirstHitStartsTheWindow, ThePreviousWindowIgnored, TurnsTooSoon};

/// The case of that name breaks with that backend: at one of several tries, for a machine that stalls may miss the
/// moment at which it shows.
#[track_caller]
fn caught(case: &str, make: impl Fn() -> Candidate) {
    let broken: Option<Broken> = (0..20).find_map(|_| run(case, &make()));
    assert!(broken.is_some(), "{case} was kept");
}

fn run(name: &str, candidate: &Candidate) -> Option<Broken> {
    let case = cases::all().find(|case| case.group() == "rates" && case.name() == name).unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(case.run(candidate, &Trial::of(candidate))).err()
}

#[test]
fn turns_too_soon() {
    caught("a_fixed_window_starts_anew_at_its_boundary", || keeping_in_real_time(TurnsTooSoon(100)));
}

#[test]
fn the_first_hit_starts_the_window() {
    let make = || keeping_in_real_time(TheFirstHitStartsTheWindow);
    caught("a_fixed_window_starts_anew_at_its_boundary", make);
}

#[test]
fn the_previous_window_ignored() {
    caught("a_sliding_window_forgets_after_two_windows", || keeping_in_real_time(ThePreviousWindowIgnored));
}

#[test]
fn a_bucket_of_whole_seconds() {
    caught("a_bucket_refills_evenly", || keeping_in_real_time(WholeSeconds));
}

#[test]
fn a_wait_of_whole_seconds() {
    caught("retry_after_of_a_fixed_window_is_exact", || calls_in_real_time(in_whole_seconds()));
}
