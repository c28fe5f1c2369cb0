//! The stack that the factory builds from variables, and its order.
#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod observed;
mod order;
mod settings;
mod store;

use std::time::Duration;

use limiter_factory::{Decision, Key, Limit, Limiters, RateLimiterExt, Result};

pub(crate) const S: Duration = Duration::from_secs(1);

pub(crate) fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}

pub(crate) async fn hit(limiters: &Limiters, limit: &str) -> Result<Decision> {
    let limit: Limit = limit.parse().unwrap();
    limiters.rates().hit_one(&key(), &limit).await
}
