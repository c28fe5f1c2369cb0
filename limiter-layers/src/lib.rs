//! What stands between a service and any backend of the limiter SDK.
//!
//! A [`Layer`] wraps a backend and makes a backend of it, so that layers stand around one another:
//!
//! | layer | does |
//! | --- | --- |
//! | [`ObserveLayer`] | tells in metrics and traces what was asked and answered |
//! | [`ShadowLayer`] | decides and counts, and refuses nobody |
//! | [`PrefetchLayer`] | takes permits in blocks and hands them out here, without asking |
//! | [`DenyCacheLayer`] | answers a denial that is known to last without asking |
//! | [`WhenUnavailableLayer`] | refuses, lets through or counts elsewhere while the store can't be had |
//! | [`CircuitBreakerLayer`] | doesn't ask a store that fails |
//! | [`TimeoutLayer`] | makes each call answer in time |
//!
//! They belong around a store in this order, the first outermost: `limiter-factory` builds it from variables, and its
//! documentation tells what goes wrong in another.
//!
//! [`LeaseKeeper`] turns the leases of a [`SlotLimiter`](limiter_core::SlotLimiter) into guards: renewed while they
//! live, given back when they are dropped, wherever that is. `limiter-factory` gives each service one. [`Waiters`] let
//! callers wait for a limit to let them through, as many as there are places.

mod circuit_breaker;
mod deny_cache;
mod layer;
mod lease_keeper;
mod moment;
mod observe;
mod passed_on;
mod prefetch;
mod shadow;
mod timeout;
mod unlimited;
mod waiting;
mod when_unavailable;

pub use circuit_breaker::{CircuitBreaker, CircuitBreakerLayer};
pub use deny_cache::{DenyCache, DenyCacheLayer};
pub use layer::Layer;
pub use lease_keeper::{LeaseKeeper, Slot, SlotGuard};
pub use observe::{Observe, ObserveLayer};
pub use prefetch::{Prefetch, PrefetchLayer};
pub use shadow::{Shadow, ShadowLayer};
pub use timeout::{Timeout, TimeoutLayer};
pub use waiting::Waiters;
pub use when_unavailable::{WhenUnavailable, WhenUnavailableLayer};
