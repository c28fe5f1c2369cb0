//! What has lost its meaning goes away, and nothing else does, while calls go on.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops when anything is off"
)]

mod alone;
mod batches;
mod by_itself;
mod gone;
mod hot;
mod meanwhile;
mod store;
