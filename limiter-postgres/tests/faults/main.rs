//! The whole backend on servers that freeze, stop, start again, refuse, and run out of what they need, and through
//! PgBouncer.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops when anything is off"
)]

mod bouncer;
mod bouncer_suite;
mod down;
mod frozen;
mod operations;
mod restarted;
mod short_of;
mod stopped;
