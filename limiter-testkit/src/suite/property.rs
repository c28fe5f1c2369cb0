//! Promises that are put to the proof over many random inputs, each shrunk when it is broken.

use std::fmt;
use std::future::Future;

use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::candidate::Candidate;

/// So long an input that breaks a promise is made smaller: over a store that takes a millisecond for a call it isn't
/// the least one then.
const LONGEST_SHRINKING_MS: u32 = 30_000;

/// A promise over random inputs, as the suite knows it.
#[derive(Clone, Copy)]
pub struct Property {
    /// The module that its test stands in, such as `rate_laws`.
    pub group: &'static str,
    /// The promise, as the name of a test.
    pub name: &'static str,
    /// Puts it to the proof; tells how it was broken, with the least input that breaks it.
    pub run: fn(&Running<'_>) -> Result<(), String>,
}

/// A property that is put to the proof.
#[derive(Debug)]
pub struct Running<'a> {
    candidate: &'a Candidate,
    runtime: &'a Runtime,
}

impl<'a> Running<'a> {
    pub(super) const fn new(candidate: &'a Candidate, runtime: &'a Runtime) -> Self {
        Self { candidate, runtime }
    }

    /// Who is put to the proof.
    pub const fn candidate(&self) -> &Candidate {
        self.candidate
    }

    /// Waits for an answer.
    pub fn block_on<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// A runner for so many inputs; a hundred times as many where `TESTKIT_LONG=1` is set. Failures aren't written
    /// to files: an input that matters becomes a test of its own.
    pub fn runner(&self, inputs: u32) -> TestRunner {
        let long = std::env::var_os("TESTKIT_LONG").is_some_and(|value| value == "1");
        let cases = if long { inputs * 100 } else { inputs };
        TestRunner::new(Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: 20_000,
            max_shrink_time: LONGEST_SHRINKING_MS,
            ..Config::default()
        })
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.group, self.name)
    }
}
