//! What a text that can't be read answers.

use std::fmt;

use super::fault::{Fault, THE_END};
use crate::error::{Error, ErrorKind};

/// How much of a long text is shown on either side of the fault, in bytes.
const SHOWN_BYTES: usize = 60;

/// A text that is no limit, limit set, quota, period or algorithm: the text, the place, what is wrong there
/// and what is accepted.
///
/// ```
/// use limiter_core::Limit;
///
/// let error = "5/mim".parse::<Limit>().unwrap_err();
/// assert_eq!(error.at(), 2);
/// assert_eq!(
///     error.to_string(),
///     "\"5/mim\" at byte 2: unknown unit \"mim\"; accepted: ms, s, sec, second(s), min, minute(s), \
///      h, hour(s), d, day(s), w, week(s)",
/// );
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} at byte {at}: {problem}; accepted: {accepted}")]
pub struct ParseError {
    text: Box<str>,
    at: usize,
    problem: Box<str>,
    accepted: &'static str,
}

/// The same text as [`Display`](fmt::Display): it is what a program shows whose `main` returns it.
impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ParseError {
    pub(super) fn new(text: &str, fault: Fault) -> Self {
        let token = text.get(fault.token.start..fault.token.end).unwrap_or_default();
        let found = if token.is_empty() { THE_END.to_owned() } else { quoted(token, 0) };
        Self {
            text: quoted(text, fault.token.start).into(),
            at: fault.token.start,
            problem: format!("{} {found}", fault.problem).into(),
            accepted: fault.accepted,
        }
    }

    /// Where the fault is: bytes from the start of the text. Its length, where something is missing at its end.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is wrong there.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What is accepted there.
    pub fn accepted(&self) -> &'static str {
        self.accepted
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string())
    }
}

/// The text in quotes; of a long one, what lies around the place.
fn quoted(text: &str, at: usize) -> String {
    let from = char_start(text, at.saturating_sub(SHOWN_BYTES));
    let to = char_start(text, at.saturating_add(SHOWN_BYTES).min(text.len()));
    let before = if from > 0 { "…" } else { "" };
    let after = if to < text.len() { "…" } else { "" };
    format!("{before}{:?}{after}", text.get(from..to).unwrap_or_default())
}

/// The start of the character that holds a byte.
fn char_start(text: &str, byte: usize) -> usize {
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}
