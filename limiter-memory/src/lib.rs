//! The limiter backend that counts in the process.
//!
//! Exact from any number of threads, bounded in memory, and fast: a warm hit takes no allocation and one short
//! lock. A service gets it through `limiter-factory` with `RATE_LIMITER=memory`, or builds a [`MemoryBackend`].

mod backend;
mod config;
mod counting;
mod due_map;
mod error;
mod few;
mod key;
mod layout;
mod lock;
mod quota;
mod rate;
mod seq_lock;
mod shard;
mod slot;
mod table;
mod time;

pub use backend::{MemoryBackend, backend};
pub use config::{Config, WhenFull};
