//! How the author of a remote backend proves it: a small one, the reference behind a server that speaks JSON lines,
//! put to the whole suite with several processes, and to faults on the way.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

mod client;
mod connections;
mod faults;
#[path = "../wrong/judge.rs"]
#[expect(dead_code, reason = "it also builds candidates that this test has no use for")]
mod judge;
mod kept;
mod server;
mod wire;
mod wrong;
