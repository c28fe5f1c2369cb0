//! What a failure of SQLite means.

use std::io;
use std::path::Path;

use limiter_factory::{Error, ErrorKind};

/// SQLite's primary result codes, as far as they are told apart.
mod code {
    pub(super) const PERM: i32 = 3;
    pub(super) const BUSY: i32 = 5;
    pub(super) const NOMEM: i32 = 7;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const FORMAT: i32 = 24;
    pub(super) const NOTADB: i32 = 26;
}

type Meaning = (ErrorKind, &'static str);

const TOO_SLOW: Meaning = (
    ErrorKind::Timeout,
    "the database didn't answer as long as a call may wait: somebody held its lock, or its disk is slow",
);
const CLOSED: Meaning = (
    ErrorKind::Unavailable,
    "the file can't be opened for reading and writing; its folder must be there, and be writable too",
);
const FULL: Meaning = (ErrorKind::Unavailable, "there is no room left for the database");
const UNREADABLE: Meaning = (ErrorKind::Unavailable, "the database's file couldn't be read or written");
const UNSOUND: Meaning = (
    ErrorKind::Protocol,
    "the file isn't a sound SQLite database; accepted: one that is, or a path where there is no file yet",
);
const STRANGE: Meaning =
    (ErrorKind::Protocol, "the database refused a statement, or a row isn't one of ours");
const BROKEN: Meaning = (ErrorKind::Unavailable, "the connection to the database broke");

/// A call that has waited as long as it may.
pub(crate) fn too_slow() -> sqlx::Error {
    sqlx::Error::Io(io::ErrorKind::TimedOut.into())
}

/// Whether somebody else had the lock.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(code::BUSY)
}

/// The error of a call that has changed nothing.
pub(crate) fn unchanged(error: sqlx::Error) -> Error {
    let (kind, what) = meaning(&error);
    Error::new(kind, what).with_source(error)
}

/// The error of a commit that was asked for. Whether it took place isn't known, unless SQLite says that it didn't; and
/// where reading or writing failed, what was written may be found there one day.
pub(crate) fn uncertain(error: sqlx::Error) -> Error {
    let undone = primary_code(&error).is_some_and(|code| code != code::IOERR);
    let error = unchanged(error);
    if undone { error } else { error.possibly_charged() }
}

/// The error of a file that can't be opened at the start: somebody has to see to it.
pub(crate) fn unopened(error: sqlx::Error, path: &Path) -> Error {
    let (kind, what) = match meaning(&error) {
        CLOSED => (ErrorKind::Config, CLOSED.1),
        other => other,
    };
    Error::new(kind, what).with_context("file", path.display()).with_source(error)
}

fn meaning(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::Database(_) => meaning_of(primary_code(error)),
        sqlx::Error::PoolTimedOut => TOO_SLOW,
        sqlx::Error::Io(cause) if cause.kind() == io::ErrorKind::TimedOut => TOO_SLOW,
        sqlx::Error::Io(_) => CLOSED,
        sqlx::Error::PoolClosed => (ErrorKind::Unavailable, "the store was shut down"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => STRANGE,
        _ => BROKEN,
    }
}

fn meaning_of(code: Option<i32>) -> Meaning {
    match code {
        Some(code::BUSY) => TOO_SLOW,
        Some(code::FULL) => FULL,
        Some(code::IOERR) => UNREADABLE,
        Some(code::NOMEM) => (ErrorKind::Unavailable, "there is no memory left for the database"),
        Some(code::PERM | code::READONLY | code::CANTOPEN) => CLOSED,
        Some(code::CORRUPT | code::FORMAT | code::NOTADB) => UNSOUND,
        _ => STRANGE,
    }
}

/// The low byte of the result code; the others say more than is needed.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
