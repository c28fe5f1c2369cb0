//! Slots: what the suite doesn't ask, and what several processes, a real clock and the tables show.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops when anything is off"
)]

mod cancelled;
mod caps;
mod counting;
mod held;
mod holders;
mod many;
mod plans;
mod releases;
mod rows;
mod store;
