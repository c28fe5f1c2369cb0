//! Holds the suite's candidate to a law, over inputs that are drawn.

use proptest::strategy::Strategy;
use proptest::test_runner::{TestCaseError, TestError};

use crate::broken::Kept;
use crate::suite::Running;
use crate::trial::Trial;

/// Draws so many inputs and asks the law of each; tells how it was broken, and by which least input.
pub(super) fn held<S: Strategy>(
    running: &Running<'_>,
    inputs: u32,
    strategy: &S,
    law: &impl AsyncFn(&Trial, &S::Value) -> Kept,
) -> Result<(), String> {
    let trial = Trial::of(running.candidate());
    let held = running.runner(inputs).run(strategy, |input| {
        running.block_on(law(&trial, &input)).map_err(|broken| TestCaseError::fail(broken.to_string()))
    });
    held.map_err(|error| match error {
        TestError::Fail(broken, input) => format!("{broken}\nthe least input that breaks it: {input:#?}"),
        error @ TestError::Abort(_) => error.to_string(),
    })
}

/// How many keys a call may name: so many, or one where the store takes each by itself.
pub(super) fn keys(running: &Running<'_>, many: usize) -> usize {
    let candidate = running.candidate();
    if candidate.capabilities().atomic_keys || candidate.partition().is_some() { many } else { 1 }
}
