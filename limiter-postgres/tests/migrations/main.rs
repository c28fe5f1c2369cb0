//! Tables and functions: who makes them, when, and what a person is told when they can't be made or used.
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod atomic;
mod busy;
mod by_hand;
mod database;
mod frozen;
mod lost;
mod refusals;
mod together;
mod versions;
