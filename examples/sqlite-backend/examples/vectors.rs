//! Replays worked traces, each on a new file: the program behind `cargo xtask vectors --backend sqlite`.
//!
//! ```text
//! vectors [--backend sqlite] FILE...
//! ```
//!
//! It prints each answer that isn't the wanted one, and last `N passed, N failed`. It ends with 0 when all passed.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use limiter_factory::{Backend, CasBackend, ManualClock};
use limiter_testkit::replay::{Report, Trace};
use sqlite_backend::{Config, SqliteStore};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut total = Report::default();
    for file in files() {
        let trace = Trace::parse(&file, &std::fs::read_to_string(&file)?)?;
        let folder = tempfile::tempdir()?;
        total.add(replayed(&trace, &folder.path().join("limits.db")).await?);
    }
    for mismatch in &total.mismatches {
        println!("{mismatch}");
    }
    println!("{} passed, {} failed", total.passed, total.mismatches.len());
    Ok(if total.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is asked for, less the name of the only backend there is here.
fn files() -> Vec<String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [option, name, files @ ..] if option == "--backend" && name == "sqlite" => files.to_vec(),
        _ => words,
    }
}

async fn replayed(trace: &Trace, path: &Path) -> limiter_factory::Result<Report> {
    let clock = ManualClock::default();
    let store = SqliteStore::open_with_clock(Config::new(path)?, clock.clone()).await?;
    let backend = Backend::new("sqlite", Arc::new(CasBackend::new(store)));
    let report = trace.run(&backend, &clock).await;
    backend.control.shutdown().await?;
    Ok(report)
}
