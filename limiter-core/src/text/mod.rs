//! Limits, quotas and their words as text that people can read: one `const` parser for what comes at run
//! time and for what the compiler checks.
//!
//! Everything is told apart by its first byte, nothing is tried twice, and white space may stand between any
//! two words. A text that doesn't fit says at which byte, what stands there and what is accepted.

/// The `?` of a `const fn`.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(fault) => return Err(fault),
        }
    };
}

mod amount;
pub mod checked;
mod error;
mod fault;
mod limit;
mod names;
mod offset;
mod quota;
mod scanner;
mod set;
mod window;

pub use error::ParseError;
