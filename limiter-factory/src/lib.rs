//! From environment variables to limiters of rates, slots and quotas.
//!
//! A service depends on this package alone: it re-exports every word of `limiter-core`. `RATE_LIMITER` says where
//! the counts live, and the backend's own variables how. Misconfiguration never means "no limit", nor a
//! backend that nobody chose: the start fails with everything that is wrong, each with its variable.
//!
//! ```
//! use limiter_factory::{Key, RateLimiterExt, limit};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # /*
//! let limiters = limiter_factory::from_env().await?;
//! # */
//! # let limiters = limiter_factory::from_vars([("RATE_LIMITER", "memory")]).await?;
//! let (key, limit) = (Key::new("chat", "user-17")?, limit!("5/min"));
//! assert!(limiters.rates().hit_one(&key, &limit).await?.is_allowed());
//! limiters.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | `RATE_LIMITER` | feature | or a URL |
//! | --- | --- | --- |
//! | `memory` | `memory`, on by default | `memory://` |
//! | `redis` | `redis`; with TLS `redis-tls` | as `REDIS_URL`: see `limiter_redis::Config` |
//! | `postgres` | `postgres`; with TLS `postgres-tls` | as `DATABASE_URL`: see `limiter_postgres::Config` |
//! | a name of one's own | | those of its [`Registration`], by [`Setting::with_schemes`] |
//!
//! `SLOT_LIMITER` and `QUOTA_TRACKER` send slots and quotas elsewhere. The README's table has every variable, and so has
//! [`Factory::variables`].
//!
//! Between the service and its stores stands what variables ask for, in one order, from outside: observe, shadow,
//! prefetch, deny cache, when unavailable, then around each store circuit breaker and timeout. `docs/layers.md` says why,
//! and what goes wrong in another order; [`layers`] has the layers themselves.

mod by_part;
mod choice;
mod error;
mod factory;
mod join;
mod layer_settings;
mod limiters;
#[cfg(feature = "memory")]
mod memory;
mod nearest;
mod origin;
mod part;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
mod redact;
#[cfg(feature = "redis")]
mod redis;
mod registration;
mod registry;
mod rooms;
mod service_link;
mod setting;
mod settings;
mod stack;
mod start;
mod told;
mod variable;
mod vars;

pub use limiter_core::*;
pub use limiter_layers as layers;
pub use limiter_layers::{LeaseKeeper, Slot, SlotGuard, Waiters};

pub use error::{ConfigError, ConfigErrors, ConfigProblem};
pub use factory::{Factory, from_env, from_vars};
pub use limiters::Limiters;
pub use registration::Registration;
pub use setting::Setting;
pub use variable::Variable;

/// The README's examples are compiled as they stand.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So are those of the page about layers.
#[cfg(doctest)]
#[doc = include_str!("../../docs/layers.md")]
struct LayersPage;
