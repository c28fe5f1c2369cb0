//! Wrong backends, each with one fault: a random sequence finds it, and is shortened to the calls that show it; or a
//! concurrent history that no order explains.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops when anything is off"
)]

mod at_once;
mod found;
mod quotas;
mod rates;
mod real_time;
mod slots;
