//! Redis or Valkey, whichever is there: one server, a cluster, or a primary with a replica and sentinels.

mod cluster;
mod obtain;
mod programs;
mod sentinels;
mod server;

pub use cluster::Cluster;
pub use obtain::obtain;
pub use programs::{Programs, find};
pub use sentinels::Sentinels;
pub use server::Redis;
