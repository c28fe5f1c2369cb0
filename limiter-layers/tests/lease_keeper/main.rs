//! What the `LeaseKeeper` promises, each promise against a store that misbehaves in the way in question.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod cancelling;
mod dropping;
mod losing;
mod parting;
mod releasing;
mod renewing;
mod shutting_down;
mod store;
