//! What the layers for bad days promise, against a store that fails in the way in question.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unchecked_time_subtraction,
    reason = "a test that can't go on fails"
)]

mod circuit_breaker;
mod distant;
mod logs;
mod network;
mod operations;
mod random_calls;
mod store;
mod timeout;
mod unlimited;
mod waiting;
