//! What `WhenUnavailableLayer` promises about a store that goes down and comes back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod cancelled;
mod counted;
mod outages;
mod quotas;
mod rates;
mod rig;
mod settles;
mod shutting_down;
mod slots;
mod store;
mod storm;
mod waiting;
