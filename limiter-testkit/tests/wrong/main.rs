//! Wrong backends: each with one fault, caught by the case that names it and by no other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops when anything is off")]

mod control;
mod durable;
mod judge;
mod quotas;
mod rates;
mod shared;
mod slots;
mod told;
