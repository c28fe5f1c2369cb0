//! What backends behind a network have in common: how a URL is taken apart without showing a secret, how long to leave a
//! server alone that can't be had, and which acquires are on their way.
//!
//! For `limiter-redis`, `limiter-postgres` and authors of backends like them; services have no use for it.

pub mod backoff;
mod quoted;
mod under_way;
pub mod url;

pub use quoted::quoted;
pub use under_way::{Mark, UnderWay};
