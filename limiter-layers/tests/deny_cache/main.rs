//! What a `DenyCache` answers by itself, what it asks, and what it forgets.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod bounded;
mod forgetting;
mod remembering;
mod store;
mod times;
