//! docs/postgres-protocol.md from outside: plain `psql` and a client of the crate count together.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on ends")]

mod bounds;
mod database;
mod page;
mod refused;
mod shared;
mod signatures;
mod traces;
mod transactions;
