//! What core's words and pure functions keep to, whatever they are given. The laws of their answers are public, in
//! `limiter_testkit::laws`; the suite holds the reference to them, which is these functions over maps.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bounds;
mod cases;
mod changed_limits;
mod decisions;
mod keys;
mod nothing_stored;
mod periods;
mod quotas;
mod slots;
