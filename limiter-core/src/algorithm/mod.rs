//! The exact algorithms as pure functions, for authors of backends.
//!
//! Each algorithm is a small state and what it answers at a time: a [`Counter`]. All times are milliseconds
//! since the Unix epoch, all numbers whole and at most 2^53 − 1. A backend in Rust calls these; a script or an
//! SQL function mirrors them and is held to the same answers by the vectors of `limiter-testkit`.

mod any;
mod counter;
mod fixed_window;
mod holdings;
mod lease_book;
mod quota_counter;
mod sliding_log;
mod sliding_window;
mod token_bucket;

pub use any::AnyCounter;
pub use counter::{Act, Counter, fits, judge, refund};
pub use fixed_window::FixedWindow;
pub(crate) use holdings::Holdings;
pub use lease_book::{LeaseBook, acquire, release, renew};
pub use quota_counter::{QuotaCounter, SETTLED_MEMORY_MS, reserve, settle};
pub(crate) use sliding_log::Entry as LogEntry;
pub use sliding_log::SlidingLog;
pub use sliding_window::SlidingWindow;
pub use token_bucket::TokenBucket;
