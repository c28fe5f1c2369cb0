//! What SQLite is asked to keep beyond the suite: many processes, locks held by others, and sudden ends.
#![expect(clippy::unwrap_used, reason = "without a file no test can run")]

mod blocked;
mod blocker;
mod cancelled;
mod counts;
#[path = "../suite/file.rs"]
#[expect(dead_code, reason = "it also makes what the suite alone needs")]
mod file;
mod killed;
mod starting;
mod sweeping;
mod together;
mod tour;
