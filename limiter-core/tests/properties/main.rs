//! The laws of rates, slots and quotas over random histories, judged by oracles that never call an algorithm.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

mod admitted;
mod bounds;
mod calendar;
mod cases;
mod changed_limits;
mod decisions;
mod histories;
mod keys;
mod limits;
mod nothing_stored;
mod periods;
mod quota_oracle;
mod quotas;
mod rate_oracle;
mod slot_oracle;
mod slots;
mod steps_back;
