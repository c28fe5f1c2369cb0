//! The public suite: on one server and on a cluster, with time handed in and by the server's clock.

mod cluster;
mod single;
mod store;
