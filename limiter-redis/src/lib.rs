//! The limiter backend that counts in Redis (6.2 or newer) or Valkey: single server, Sentinel, Cluster.
//!
//! Each call is one script on the server: one round trip, the server's clock, no lost update. A service gets it
//! through `limiter-factory` with `RATE_LIMITER=redis` and `REDIS_URL`, or connects a [`RedisBackend`].

mod backend;
mod call;
mod config;
mod connection;
mod error;
mod facts;
mod key;
mod options;
mod quota;
mod rate;
mod reply;
mod script;
mod slot;
mod store;
mod target;
mod task;
mod url;

pub use backend::{RedisBackend, backend};
pub use config::{Config, Options};
pub use script::scripts;
