//! What a name holds, as bytes.
//!
//! # Layout
//! Numbers are 64 bits, little-endian; counts 32; an id is its length in one byte, and its text. The first byte of a value
//! is its layout's version and kind. One state has one spelling, since values are compared: lists stand in ascending order,
//! each entry once, and nothing is left out or follows.
//!
//! A released layout is never changed, for processes of two releases run side by side on the same counts. What is new
//! gets a first byte, or a counter's tag, of its own. What can't be read is
//! [`Protocol`](crate::ErrorKind::Protocol), and never taken as new.

mod bytes;
mod held;
mod layout;
mod lease_book;
mod quota_counters;
mod rate_counters;

pub(super) use layout::{State, Stored};
pub(super) use quota_counters::QuotaCounters;
pub(super) use rate_counters::RateCounters;
