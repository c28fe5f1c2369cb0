//! Promises of the whole backend: by several processes, over rows that others hold, on servers that are killed.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops when anything is off"
)]

mod deadlocks;
mod held_rows;
mod killed;
mod lost_replies;
mod made_rows;
mod paused;
mod server;
