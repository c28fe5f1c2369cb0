//! Who may do what: a role that may call the functions does everything with them and nothing without.
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod catalogue;
mod database;
mod hijacked;
mod least;
mod tables;
