//! Permits prefetched from a real Redis.
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod admitted;
mod crowd;
mod speed;
