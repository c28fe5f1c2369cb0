//! Asks laws of backends.

use std::fmt::Debug;

use limiter_core::ManualClock;
use limiter_testkit::{Kept, Trial};
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Builder;

/// The least of so many inputs that breaks a law, and how; `None` where it holds. They are the same ones every time.
pub(crate) fn least<B, I: Debug>(
    cases: u32,
    make: impl FnOnce(ManualClock) -> B,
    inputs: &BoxedStrategy<I>,
    law: impl AsyncFn(&B, &Trial, &I) -> Kept,
) -> Option<(String, I)> {
    let clock = ManualClock::new(1_700_000_000_000);
    let (backend, trial) = (make(clock.clone()), Trial::handed_in(clock));
    let runtime = Builder::new_current_thread().build().unwrap();
    let config = Config { cases, max_shrink_iters: 20_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let held = runner.run(inputs, |input| {
        let kept = runtime.block_on(law(&backend, &trial, &input));
        kept.map_err(|broken| TestCaseError::fail(broken.to_string()))
    });
    match held {
        Ok(()) => None,
        Err(TestError::Fail(why, input)) => Some((why.to_string(), input)),
        Err(TestError::Abort(why)) => panic!("no inputs: {why}"),
    }
}

/// The law holds.
#[track_caller]
pub(crate) fn holds<B, I: Debug>(
    make: impl FnOnce(ManualClock) -> B,
    inputs: &BoxedStrategy<I>,
    law: impl AsyncFn(&B, &Trial, &I) -> Kept,
) {
    let broken = least(60, make, inputs, law);
    assert!(broken.is_none(), "{broken:?}");
}

/// The law is broken by so many calls at most. Tells how.
#[track_caller]
pub(crate) fn broken_within<B, C: Debug>(
    calls: usize,
    make: impl FnOnce(ManualClock) -> B,
    inputs: &BoxedStrategy<Vec<C>>,
    law: impl AsyncFn(&B, &Trial, &[C]) -> Kept,
) -> String {
    let law = async |backend: &B, trial: &Trial, input: &Vec<C>| law(backend, trial, input).await;
    let (why, input) = least(1_000, make, inputs, law).unwrap_or_else(|| panic!("the law holds"));
    assert!(input.len() <= calls, "{} calls: {why}\n{input:#?}", input.len());
    why
}
