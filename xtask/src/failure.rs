//! Why a verb stopped, and the exit code that says so.

use std::fmt::Display;

pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Why a verb stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The command line can't be understood. Shown with the usage; exit code 2.
    Usage(String),
    /// What was asked for couldn't be done. Exit code 1.
    Failed(String),
    /// What was asked for was done, and the answer is no. The verb has already said so; exit code 1.
    Shown,
}

/// Puts what was being done in front of an error of another kind.
pub(crate) trait OrFail<T> {
    fn or_fail(self, doing: impl Display) -> Result<T>;
}

impl<T, E: Display> OrFail<T> for std::result::Result<T, E> {
    fn or_fail(self, doing: impl Display) -> Result<T> {
        self.map_err(|error| Failure::Failed(format!("{doing}: {error}")))
    }
}

/// A [`Failure::Failed`] with this text.
pub(crate) fn failed<T>(why: impl Into<String>) -> Result<T> {
    Err(Failure::Failed(why.into()))
}
