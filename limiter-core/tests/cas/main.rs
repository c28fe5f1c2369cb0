//! All three traits over stores that only compare and swap.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod asks;
mod attempts;
mod contention;
mod control;
mod dropping;
mod hooked;
mod impossible;
mod layout;
mod map;
mod names;
mod one_key;
mod suites;
mod unreadable;
