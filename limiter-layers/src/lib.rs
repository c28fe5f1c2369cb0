//! What stands between a service and any backend of the limiter SDK.
//!
//! [`LeaseKeeper`] turns the leases of a [`SlotLimiter`](limiter_core::SlotLimiter) into guards: renewed while they
//! live, given back when they are dropped, wherever that is. `limiter-factory` gives each service one.

mod layer;
mod lease_keeper;

pub use layer::Layer;
pub use lease_keeper::{LeaseKeeper, Slot, SlotGuard};
