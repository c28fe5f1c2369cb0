//! The limiter backend that counts in Redis (6.2 or newer) or Valkey: single server, Sentinel, Cluster.
//!
//! Each call is one script on the server: one round trip, the server's clock, no lost update.

mod call;
mod config;
mod connection;
mod error;
mod script;
mod target;
mod url;

pub use config::{Config, Options};
