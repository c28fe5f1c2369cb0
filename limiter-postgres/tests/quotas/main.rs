//! What the public suite doesn't ask of quotas: what stays in the tables, how fast it is found, what is there after a
//! crash, and calls from outside this library.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

mod calendar;
mod crowds;
mod deadlocks;
mod killed;
mod lapsed;
mod lost_replies;
mod numbers;
mod plans;
mod rows;
mod settled_ids;
mod store;
mod strange;
mod waits;
