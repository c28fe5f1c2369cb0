//! The limiter backend that counts in PostgreSQL (13 or newer): durable counts, no deadlocks, many hits in one commit.
//!
//! Each call is one function on the server: one round trip, the server's clock, no lost update. A service gets it
//! through `limiter-factory` with `RATE_LIMITER=postgres` and `DATABASE_URL`, or connects a [`PostgresBackend`].

mod backend;
mod call;
mod config;
mod connection;
mod encryption;
mod error;
mod facts;
mod key;
mod literal;
mod options;
mod quota;
mod rate;
mod reply;
mod schema;
mod slot;
mod store;
mod sweeper;
mod target;
mod task;
mod turns;
mod url;

pub use backend::{PostgresBackend, backend};
pub use config::Config;
pub use options::{Durability, Migrate, Options};
pub use schema::{Migration, migrations};
