//! What `Shadow` lets through and reports, and what `Observe` tells.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod held;
mod listener;
mod metrics;
mod privacy;
mod scene;
mod shadow;
mod shadow_reports;
mod store;
mod stores;
mod traces;
