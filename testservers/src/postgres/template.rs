//! Fresh data folders.
//!
//! Initialising one takes half a second, copying it a tenth of that. So each process does the former once.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::programs::Programs;
use super::psql::{bare, run};
use crate::account::Account;
use crate::base;
use crate::unavailable::{OrUnavailable, Unavailable};

const INITDB: [&str; 9] =
    ["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--pgdata=data"];
const LIMIT: Duration = Duration::from_secs(120);

static TEMPLATE: Mutex<Option<TempDir>> = Mutex::new(None);

/// Puts a fresh `data` into the folder.
pub(super) fn fill(programs: &Programs, account: Account, folder: &Path) -> Result<(), Unavailable> {
    let mut template = TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = match template.take() {
        Some(made) => made,
        None => initialise(programs, account)?,
    };
    let from = template.insert(made).path().join("data");
    drop(template);
    let mut copy = Command::new("cp");
    account.run(copy.arg("-R").arg(from).arg("data"));
    run(&mut copy, folder, LIMIT).or_unavailable("copying a fresh data folder")
}

fn initialise(programs: &Programs, account: Account) -> Result<TempDir, Unavailable> {
    let doing = format!("running {}", programs.initdb().display());
    let folder = base::folder().or_unavailable("making a folder for PostgreSQL")?;
    account.give(folder.path()).or_unavailable("giving a folder to PostgreSQL")?;
    let mut initdb = Command::new(programs.initdb());
    bare(&mut initdb);
    account.run(initdb.args(INITDB));
    run(&mut initdb, folder.path(), LIMIT).or_unavailable(doing)?;
    Ok(folder)
}
