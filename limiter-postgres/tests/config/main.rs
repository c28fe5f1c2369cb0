//! What a URL and options may be, and what a person is told about those that may not.
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod options;
mod secrets;
mod urls_refused;
mod urls_shown;
