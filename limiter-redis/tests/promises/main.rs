//! Promises of the whole backend: by several processes, through failing networks, on servers that forget scripts, evict
//! or forbid.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops when anything is off"
)]

mod cancelled;
mod counting;
mod dropped;
mod everything;
mod eviction;
mod flushed;
mod holders;
mod in_time;
mod least_acl;
mod lifetimes;
mod lost_on_cluster;
mod lost_replies;
mod monitored;
mod names;
mod numbers;
mod operations;
mod server;
