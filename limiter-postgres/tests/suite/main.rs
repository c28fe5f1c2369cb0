//! The public suite: with time handed in and by the server's clock.
#![expect(clippy::unwrap_used, reason = "without a store no test can run")]

mod server;
mod store;
