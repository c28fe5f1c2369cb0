//! Random calls on the memory backend and on the model, which must answer alike at every step.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

mod pair;
mod quotas;
mod rates;
mod slots;
