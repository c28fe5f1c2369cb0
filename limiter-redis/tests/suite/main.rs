//! The public suite: on one server and on a cluster, with time handed in and by the server's clock.
#![expect(clippy::unwrap_used, reason = "without a store no test can run")]

mod cluster;
mod single;
mod store;
