//! What a copy says to the test that started it, a line each.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Names the test that a copy runs: it makes a process a copy.
pub(super) const TEST: &str = "TESTKIT_COPY";
/// Says where the store is.
pub(super) const STORE: &str = "TESTKIT_STORE";
/// Stands before what a copy says: the test harness writes there too.
const MARK: &str = "limiter-testkit-copy ";

/// What a copy says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said<A> {
    /// It has reached the store and waits for work.
    Ready,
    /// What came of its work.
    Answer(A),
    /// It can't go on.
    Failed(String),
}

/// A line to be written. It begins a line of its own wherever the harness has stopped.
pub(super) fn written<A: Serialize>(said: &Said<A>) -> io::Result<String> {
    Ok(format!("\n{MARK}{}\n", serde_json::to_string(said)?))
}

/// What a line says; `None` when it is none of ours.
pub(super) fn read<A: DeserializeOwned>(line: &str) -> io::Result<Option<Said<A>>> {
    match line.strip_prefix(MARK) {
        Some(said) => serde_json::from_str(said).map(Some).map_err(|error| unreadable(line, &error)),
        None => Ok(None),
    }
}

/// Work to be read, as JSON.
pub(super) fn work<W: DeserializeOwned>(line: &str) -> io::Result<W> {
    serde_json::from_str(line).map_err(|error| unreadable(line, &error))
}

fn unreadable(line: &str, error: &serde_json::Error) -> io::Error {
    let text = format!("can't read {line:?}: {error}; both sides must name the same type");
    io::Error::new(io::ErrorKind::InvalidData, text)
}
