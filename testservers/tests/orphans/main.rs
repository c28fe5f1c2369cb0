//! Servers whose process ends without dropping them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops when anything is off")]
#![allow(clippy::print_stdout, reason = "so one process tells another")]

mod postgres;
mod redis;
mod started;
