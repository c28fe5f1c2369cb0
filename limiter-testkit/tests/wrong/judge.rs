//! Puts a wrong backend before all cases.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, ManualClock, QuotaTracker, RateLimiter, SlotLimiter};
use limiter_testkit::cases::{self, Case};
use limiter_testkit::{Broken, Candidate, Model, Trial};
use tokio::runtime::Builder;
use tokio::time::timeout;

/// The time at which a candidate's clock starts.
pub(crate) const START_MS: u64 = 1_700_000_000_000;

/// A candidate of which the rates are wrong.
pub(crate) fn with_rates<R: RateLimiter>(wrong: impl FnOnce(ManualClock) -> R) -> Candidate {
    right(|backend, clock| backend.with_rates(Arc::new(wrong(clock))))
}

/// A candidate of which the slots are wrong.
pub(crate) fn with_slots<S: SlotLimiter>(wrong: impl FnOnce(ManualClock) -> S) -> Candidate {
    right(|backend, clock| backend.with_slots(Arc::new(wrong(clock))))
}

/// A candidate of which the quotas are wrong.
pub(crate) fn with_quotas<Q: QuotaTracker>(wrong: impl FnOnce(ManualClock) -> Q) -> Candidate {
    right(|backend, clock| backend.with_quotas(Arc::new(wrong(clock))))
}

fn right(make_wrong: impl FnOnce(Backend, ManualClock) -> Backend) -> Candidate {
    let clock = ManualClock::new(START_MS);
    let backend = Backend::new("wrong", Arc::new(Model::new(clock.clone())));
    Candidate::new(make_wrong(backend, clock.clone())).with_clock(clock)
}

/// The case of that name, written `group::name`, breaks with that backend, and no other case does. Tells how it
/// broke.
#[track_caller]
pub(crate) fn caught_by(case: &str, make: impl Fn() -> Candidate) -> Broken {
    caught_by_all(&[case], make)
}

/// These cases break with that backend, and no other does. Tells how the first of them broke.
#[track_caller]
pub(crate) fn caught_by_all(cases: &[&str], make: impl Fn() -> Candidate) -> Broken {
    let wanted: BTreeSet<_> = cases.iter().map(|case| (*case).to_owned()).collect();
    let broken: Vec<_> = cases_near(cases[0]).filter_map(|case| run(case, &make)).collect();
    let got: BTreeSet<_> = broken.iter().map(|(name, _)| name.clone()).collect();
    let told: Vec<_> = broken.iter().map(|(name, broken)| format!("{name}\n{broken}")).collect();
    assert_eq!(got, wanted, "{}", told.join("\n"));
    broken.into_iter().find(|(name, _)| name == cases[0]).unwrap().1
}

/// No case breaks with that backend.
#[track_caller]
pub(crate) fn caught_by_none(make: impl Fn() -> Candidate) {
    let broken: Vec<_> = cases::all().filter_map(|case| run(case, &make)).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

/// All cases but those of the parts that are right: a part knows nothing of the others.
fn cases_near(name: &str) -> impl Iterator<Item = &'static Case> {
    let group = name.split("::").next().unwrap().to_owned();
    let parts = ["rates", "slots", "quotas"];
    let of_a_part = parts.contains(&&*group);
    cases::all().filter(move |case| !of_a_part || case.group() == group || !parts.contains(&case.group()))
}

fn run(case: &Case, make: &impl Fn() -> Candidate) -> Option<(String, Broken)> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let candidate = make();
        let applies = case.applies_to(&candidate);
        let trial = Trial::of(&candidate);
        let longest = Duration::from_secs(60);
        let kept = applies.then(|| timeout(longest, case.run(&candidate, &trial)));
        let broken = kept?.await.unwrap().err()?;
        Some((format!("{case:?}"), broken))
    })
}
