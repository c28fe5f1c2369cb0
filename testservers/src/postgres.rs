//! PostgreSQL: one server, a standby that follows it, and PgBouncer before it.

mod bouncer;
mod daemon;
mod obtain;
mod programs;
mod psql;
mod server;
mod standby;
mod template;
#[cfg(feature = "tls")]
mod tls;
mod url;

pub use bouncer::PgBouncer;
pub use obtain::{obtain, obtain_pgbouncer};
pub use programs::{Programs, find, find_pgbouncer};
pub use server::Postgres;
