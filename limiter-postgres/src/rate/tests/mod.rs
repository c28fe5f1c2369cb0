//! Batches on a real server.

mod making;
mod mixed;
mod neighbours;
mod parts;
mod server;
