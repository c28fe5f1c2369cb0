//! Batches on a real server.

mod mixed;
mod neighbours;
mod server;
