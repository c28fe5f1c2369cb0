//! PostgreSQL, alone and with others.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

mod bouncer;
mod one;
mod standby;
mod tls;

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use testservers::postgres::{Postgres, find};

/// Waits for it, and tells how long it took.
fn within(limit: Duration, what: &str, is_so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "{what}: not within {limit:?}");
        thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

/// One statement by the superuser.
fn ask(server: &Postgres, statement: &str) -> String {
    server.psql("postgres", &["-c", statement]).unwrap()
}

/// What somebody gets who has but a URL.
fn by_url(url: &str, statement: &str) -> Result<String, String> {
    let mut psql = Command::new(find().unwrap().psql());
    let output = psql.args(["-X", "-A", "-t", "-q", "-w", "-d", url, "-c", statement]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
