//! What a replay found.

use std::fmt;

use serde_json::Value;

/// What replaying found: how many calls were answered as wanted, and which weren't.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a report that nobody looks at proves nothing"]
pub struct Report {
    /// Calls that were answered as wanted.
    pub passed: usize,
    /// Calls that weren't, in the order in which they were made.
    pub mismatches: Vec<Mismatch>,
}

/// A call that wasn't answered as its trace wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The trace's file.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: usize,
    /// The op, such as `hit`.
    pub op: String,
    /// The time that the call saw, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// The answer that is wanted; null where only success is.
    pub wanted: Value,
    /// The answer that was given.
    pub got: Value,
}

impl Report {
    /// Whether calls were made and every one was answered as wanted.
    pub fn is_clean(&self) -> bool {
        self.passed > 0 && self.mismatches.is_empty()
    }

    /// Adds what another replay found.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.mismatches.extend(other.mismatches);
    }
}

/// Each mismatch on a line, then `N passed, N failed`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mismatch in &self.mismatches {
            writeln!(f, "{mismatch}")?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.mismatches.len())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, op, now_ms, wanted, got } = self;
        write!(f, "{file}:{line}: {op} at {now_ms} wanted {wanted} got {got}")
    }
}
