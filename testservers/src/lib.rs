//! Real servers for tests, demos and benchmarks: private ones, on free ports of this machine, gone with whoever
//! started them.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = testservers::redis::Redis::start()?;
//! assert_eq!(server.cli(&["PING"])?, "PONG");
//! println!("try {}", server.url());
//! # Ok(())
//! # }
//! ```
//!
//! A server ends when its value is dropped, and then its folder is gone as well. It also ends when the process that
//! started it does, whichever way: by returning from `main`, by `exit`, by SIGKILL. What is kept in a static is
//! no leak, therefore.
//!
//! Where a server can't be had, [`Unavailable`] says why and what to do. A test that needs it fails with that text;
//! it doesn't pass.

mod account;
mod base;
mod family;
mod install;
mod output;
mod patience;
mod ports;
pub mod postgres;
mod process;
pub mod redis;
mod shared_memory;
mod signal;
mod spawner;
#[cfg(feature = "tls")]
pub mod tls;
mod unavailable;

pub use process::end_all;
pub use unavailable::Unavailable;
