//! The names of the algorithms, as structured text has them.

use std::fmt;
use std::str::FromStr;

use super::error::ParseError;
use super::fault::{Fault, Token};
use super::scanner::look_up;
use crate::limit::Algorithm;

const NAMES: &[(&str, Algorithm)] = &[
    (Algorithm::FixedWindow.as_str(), Algorithm::FixedWindow),
    (Algorithm::SlidingWindow.as_str(), Algorithm::SlidingWindow),
    (Algorithm::SlidingLog.as_str(), Algorithm::SlidingLog),
    (Algorithm::TokenBucket.as_str(), Algorithm::TokenBucket),
    (Algorithm::Unlimited.as_str(), Algorithm::Unlimited),
];

/// An algorithm's name in structured text, in whatever case.
impl FromStr for Algorithm {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let name = text.trim_ascii();
        look_up(name.as_bytes(), NAMES).ok_or_else(|| {
            let start = text.len() - text.trim_ascii_start().len();
            let end = start + name.len();
            let problem = if name.is_empty() { "expected an algorithm, found" } else { "unknown algorithm" };
            let accepted = "fixed_window, sliding_window, sliding_log, token_bucket or unlimited";
            ParseError::new(text, Fault::new(Token { start, end }, problem, accepted))
        })
    }
}

/// The algorithm's name in structured text.
impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
