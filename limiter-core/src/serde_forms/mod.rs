//! Limits, quotas and keys read and written with serde.
//!
//! Limits, limit sets and quotas are written as text and read from text or from structure; the functions of
//! [`structured`] write the structure. An error is the text's or the limit's own.

mod key;
mod limit;
mod names;
mod quota;
mod set;
pub mod structured;
mod two_forms;
