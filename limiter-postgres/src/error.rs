//! What went wrong, told by kind: what was never sent, what may have been executed, what is the user's to change.
//!
//! A server's own words are not passed on: some of its errors repeat arguments, and so a key.

mod code;
mod refusal;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use limiter_core::{Error, ErrorKind};
use sqlx::postgres::{PgDatabaseError, PgSeverity};

pub(crate) use self::code::kind as kind_of;
pub(crate) use self::refusal::Refusal;

/// Why a call has no answer that is of use.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Somebody else holds the row in this place, from 1 on. Nothing was done.
    Held(usize),
    /// A lock wasn't had in time. Nothing was done.
    LockTimeout,
    /// A deadlock, a connection that had ended before, or the like: nothing was done, and the same call may succeed.
    NothingDone(String),
    /// It was never sent.
    NoConnection(Arc<Refusal>),
    /// Anything else, and whether it may have been executed.
    Other { kind: ErrorKind, text: String, executed: bool },
}

/// What a failure says about the connection on which it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It's as good as before.
    Keep,
    /// It's of no more use.
    Close,
    /// Neither it nor those that are idle are: the server has gone, or isn't the primary any more.
    CloseAll,
}

impl Failure {
    /// A failure of a statement that was sent. `completed` says whether the server had told that it was executed, after
    /// which the commit may be done.
    pub(crate) fn of(error: &sqlx::Error, completed: bool) -> Self {
        match error {
            sqlx::Error::Database(_) => answer(error).map_or_else(strange, |said| told(said, completed)),
            // A statement of which the system hasn't taken the end can't have been executed.
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Self::NothingDone("the connection had ended before the call was sent".to_owned())
            }
            // The system's words, which know nothing of what was sent.
            sqlx::Error::Io(error) => lost(&error.to_string()),
            sqlx::Error::Tls(_) => lost("its TLS failed"),
            sqlx::Error::Encode(_) => Self::unsent(ErrorKind::Internal, "an argument can't be sent"),
            _ => strange(),
        }
    }

    /// It was never sent.
    pub(crate) fn unsent(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self::Other { kind, text: text.into(), executed: false }
    }

    /// An answer that can't be read.
    pub(crate) fn unreadable(error: &Error) -> Self {
        Self::Other { kind: error.kind(), text: error.message().to_owned(), executed: true }
    }

    /// Whether it may be one call's alone of several in a statement: nothing was done, and the others may succeed.
    pub(crate) fn is_of_one_call(&self) -> bool {
        matches!(self, Self::Other { kind: ErrorKind::Protocol, executed: false, .. })
    }

    /// It was sent, and no answer came in time.
    pub(crate) fn timed_out() -> Self {
        let text = "no answer within the response timeout".to_owned();
        Self::Other { kind: ErrorKind::Timeout, text, executed: true }
    }

    /// Its task was ended.
    pub(crate) fn ended() -> Self {
        let text = "the task of the call was ended with its runtime".to_owned();
        Self::Other { kind: ErrorKind::Unavailable, text, executed: true }
    }

    /// As an error of an operation, which changes something or doesn't.
    pub(crate) fn into_error(self, operation: &'static str, changes: bool) -> Error {
        let (kind, text, executed) = match self {
            Self::Held(_) | Self::LockTimeout => {
                let text = "somebody else held the lock of a counter for too long";
                (ErrorKind::Timeout, text.to_owned(), false)
            }
            Self::NothingDone(text) => (ErrorKind::Unavailable, text, false),
            Self::NoConnection(refusal) => return refusal.to_error(operation),
            Self::Other { kind, text, executed } => (kind, text, executed),
        };
        let error = Error::new(kind, text).with_operation(operation);
        if changes && executed { error.possibly_charged() } else { error }
    }
}

impl Fate {
    /// What becomes of a connection after an error on it.
    pub(crate) fn after(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(_) => answer(error).map_or(Self::Close, |said| {
                if code::is_of_the_server(said.code()) || said.severity() == PgSeverity::Panic {
                    Self::CloseAll
                } else if said.severity() == PgSeverity::Fatal || code::spoils_a_connection(said.code()) {
                    Self::Close
                } else {
                    Self::Keep
                }
            }),
            sqlx::Error::Encode(_) => Self::Keep,
            sqlx::Error::Io(_) => Self::CloseAll,
            _ => Self::Close,
        }
    }
}

/// What the server said, if it was the server that said it.
pub(crate) fn answer(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn told(said: &PgDatabaseError, completed: bool) -> Failure {
    let detail = || said.detail().and_then(|place| place.parse().ok());
    let fatal = matches!(said.severity(), PgSeverity::Fatal | PgSeverity::Panic);
    judged(said.code(), fatal, completed, detail)
}

/// What a code means. An error that leaves the connection alive has undone its transaction. One that ends it may come
/// after the commit, but then the server has told before that the statement is complete.
fn judged(code: &str, fatal: bool, completed: bool, place: impl FnOnce() -> Option<usize>) -> Failure {
    match code {
        "55P03" => place().map_or(Failure::LockTimeout, Failure::Held),
        code if code::may_be_committed(code) || (fatal && completed) => other(code, true),
        code if code::may_succeed_again(code) => Failure::NothingDone(code::text(code)),
        code => other(code, fatal && !code::ends_sessions(code)),
    }
}

fn other(code: &str, executed: bool) -> Failure {
    Failure::Other { kind: code::kind(code), text: code::text(code), executed }
}

fn lost(cause: &str) -> Failure {
    let text = format!("the connection was lost before the answer came: {cause}");
    Failure::Other { kind: ErrorKind::Unavailable, text, executed: true }
}

fn strange() -> Failure {
    let text = "the answer isn't in PostgreSQL's protocol, or not what was asked for".to_owned();
    Failure::Other { kind: ErrorKind::Protocol, text, executed: true }
}
