//! Permits taken in blocks and handed out here.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on ends")]

mod demand;
mod failing;
mod giving_back;
mod laws;
mod passed_on;
mod resetting;
mod store;
mod suite_of_it;
mod time;
