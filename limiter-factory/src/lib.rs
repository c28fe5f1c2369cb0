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
//! | `RATE_LIMITER` | feature | settings |
//! | --- | --- | --- |
//! | `memory` | `memory`, on by default | `LIMITER_MEMORY_CAPACITY`, `LIMITER_MEMORY_WHEN_FULL` (`refuse` or `share`), `LIMITER_MEMORY_LOG_ENTRIES`, `LIMITER_MEMORY_LEASES`, `LIMITER_MEMORY_QUOTA_ENTRIES` |
//! | `redis` | `redis`; with TLS `redis-tls` | `REDIS_URL` (required), `LIMITER_PREFIX`, `LIMITER_STRICT` (`true` or `false`) |
//! | `postgres` | `postgres`; with TLS `postgres-tls` | `DATABASE_URL` (required), `LIMITER_PREFIX`, `LIMITER_STRICT`, `LIMITER_SCHEMA`, `LIMITER_MIGRATE` (`auto` or `check`), `LIMITER_DURABILITY` (`strict` or `relaxed`), `LIMITER_PGBOUNCER` (`true` or `false`), `LIMITER_POSTGRES_POOL_SIZE`, `LIMITER_POSTGRES_SWEEP_SECONDS` |
//! | a name of one's own | | those of its [`Registration`] |
//!
//! The URLs that `REDIS_URL` may be, and their parameters, stand in `limiter_redis::Config`. All keys start with
//! `LIMITER_PREFIX`, `limiter` where it isn't set. With `LIMITER_STRICT=true` a server that may forget counts to make
//! room (a `maxmemory-policy` that evicts) stops the start; otherwise it is warned of.
//!
//! The URLs that `DATABASE_URL` may be stand in `limiter_postgres::Config`, what the other variables do in its `Options`:
//! keys have no prefix, tables and functions stand in the schema `limiter` and are made at the start, slots and quotas are
//! durable and rates soon are, unless they say otherwise. With `LIMITER_STRICT=true` a server that may lose what it has
//! acknowledged (`fsync` or `full_page_writes` off) stops the start.

mod error;
mod factory;
mod limiters;
#[cfg(feature = "memory")]
mod memory;
mod nearest;
#[cfg(feature = "postgres")]
mod postgres;
mod redact;
#[cfg(feature = "redis")]
mod redis;
mod registration;
mod registry;
mod service_link;
mod setting;
mod settings;
mod vars;

pub use limiter_core::*;
pub use limiter_layers::{LeaseKeeper, Slot, SlotGuard};

pub use error::{ConfigError, ConfigErrors, ConfigProblem};
pub use factory::{Factory, from_env, from_vars};
pub use limiters::Limiters;
pub use registration::Registration;
pub use setting::Setting;

/// The README's examples are compiled as they stand.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
