//! Promises that are put to the proof over many random inputs, each shrunk when it is broken.

use std::fmt;
use std::future::Future;

use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use super::{Declared, runtime};
use crate::candidate::Candidate;
use crate::{laws, sequences};

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

impl Running<'_> {
    /// Who is put to the proof.
    pub const fn candidate(&self) -> &Candidate {
        self.candidate
    }

    /// Waits for an answer.
    pub fn block_on<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// A runner for so many inputs; a hundred times as many where `LIMITER_LONG=1` is set. Failures aren't written
    /// to files: an input that matters becomes a test of its own.
    pub fn runner(&self, inputs: u32) -> TestRunner {
        let long = std::env::var_os("LIMITER_LONG").is_some_and(|value| value == "1");
        let cases = if long { inputs * 100 } else { inputs };
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.group, self.name)
    }
}

/// Puts one property to the proof, as the test that it was stamped as.
///
/// # Panics
/// When the promise is broken: that fails the test.
#[expect(clippy::panic, reason = "a broken promise fails the test that was stamped for it")]
pub fn hold<F>(declared: &Declared, group: &str, name: &str, make: impl FnOnce() -> F)
where
    F: Future<Output = Candidate>,
{
    let mut all = laws::ALL.iter().chain(sequences::ALL);
    let Some(property) = all.find(|property| property.group == group && property.name == name) else {
        panic!("no property is called {group}::{name}");
    };
    let runtime = runtime();
    let candidate = runtime.block_on(make());
    let running = Running { candidate: &candidate, runtime: &runtime };
    if let Err(why) = declared.check(&candidate).and_then(|()| (property.run)(&running)) {
        panic!("{why}");
    }
}
