//! What a case is, and what it needs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::trial::Trial;

/// What a case needs of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: every backend keeps it.
    Nothing,
    /// Time that is handed in.
    Clock,
    /// Several keys in one step.
    Together,
    /// Several keys in one step, and time that is handed in.
    TogetherAndClock,
    /// That a call over several keys isn't atomic: then it must still never admit too much.
    Apart,
    /// Counts that several processes share, and a second client in this one.
    Shared,
    /// Counts that several processes share, and copies of the test program.
    Processes,
    /// The same, and several keys in one step.
    ProcessesTogether,
    /// Counts that outlive the process.
    Durable,
    /// That every hit is allowed that fits, and told exactly what is left.
    Exact,
    /// The same, and time that is handed in.
    ExactAndClock,
    /// The same as [`Needs::Exact`], of counts that several processes share, and copies of the test program.
    ExactProcesses,
    /// The same, and several keys in one step.
    ExactProcessesTogether,
}

type Running<'a> = Pin<Box<dyn Future<Output = Kept> + Send + 'a>>;

/// A case, as the suite knows it.
#[derive(Clone, Copy)]
pub struct Case {
    #[doc(hidden)]
    pub group: &'static str,
    #[doc(hidden)]
    pub name: &'static str,
    #[doc(hidden)]
    pub needs: Needs,
    #[doc(hidden)]
    pub run: for<'a> fn(&'a Candidate, &'a Trial) -> Running<'a>,
}

impl Case {
    /// What it is about: `rates`, `slots`, `quotas`, `control`, `shared` or `durable`.
    pub const fn group(&self) -> &'static str {
        self.group
    }

    /// The promise, as the name of the function.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it needs of a backend.
    pub const fn needs(&self) -> Needs {
        self.needs
    }

    /// Whether the candidate declares what it needs.
    pub fn applies_to(&self, candidate: &Candidate) -> bool {
        let (can, clock) = (candidate.capabilities(), candidate.clock().is_some());
        let together = can.atomic_keys || candidate.partition().is_some();
        let (copies, exact) = (candidate.copies().is_some(), !can.early_refusals);
        match self.needs {
            Needs::Nothing => true,
            Needs::Clock => clock,
            Needs::Together => together,
            Needs::TogetherAndClock => together && clock,
            Needs::Apart => !together,
            Needs::Shared => can.shared,
            Needs::Processes => can.shared && copies,
            Needs::ProcessesTogether => can.shared && copies && together,
            Needs::Durable => can.durable,
            Needs::Exact => exact,
            Needs::ExactAndClock => exact && clock,
            Needs::ExactProcesses => exact && can.shared && copies,
            Needs::ExactProcessesTogether => exact && can.shared && copies && together,
        }
    }

    /// Puts the promise to the proof.
    ///
    /// # Errors
    /// How it was broken.
    pub async fn run(&self, candidate: &Candidate, trial: &Trial) -> Kept {
        (self.run)(candidate, trial).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.group, self.name)
    }
}
