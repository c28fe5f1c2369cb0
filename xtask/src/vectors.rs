//! `cargo xtask vectors`: replays worked traces on one or more backends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::arguments::Arguments;
use crate::failure::{Failure, OrFail, Result, failed};
use crate::process::Process;
use crate::store::Store;
use crate::workspace;

const DEFAULT_BACKENDS: [&str; 5] = ["model", "memory", "redis", "postgres", "sqlite"];
const DEFAULT_TRACES: &str = "limiter-testkit/vectors";

pub(crate) fn run(mut arguments: Arguments) -> Result {
    let backends = arguments.values("--backend")?;
    let named = arguments.names()?;
    let traces = traces(&workspace::root(), &named)?;
    if backends.is_empty() {
        return replay_on(&DEFAULT_BACKENDS, &traces);
    }
    let backends: Vec<&str> = backends.iter().map(String::as_str).collect();
    replay_on(&backends, &traces)
}

/// Replays the traces of the workspace on the model and on every backend.
pub(crate) fn replay_all() -> Result {
    replay_on(&DEFAULT_BACKENDS, &traces(&workspace::root(), &[])?)
}

/// Every backend gets its turn, whatever the others answered.
fn replay_on(backends: &[&str], traces: &[PathBuf]) -> Result {
    let mut agreed = true;
    let files = if traces.len() == 1 { "1 file".to_owned() } else { format!("{} files", traces.len()) };
    for backend in backends {
        let store = Store::of(backend)?;
        println!("vectors: {files} on {}", store.in_words());
        agreed &= replay(backend, &store, traces)?;
    }
    if agreed { Ok(()) } else { Err(Failure::Shown) }
}

fn replay(backend: &str, store: &Store, traces: &[PathBuf]) -> Result<bool> {
    let (package, program) = program(backend);
    let arguments = ["run", "--quiet", "--package", package, "--all-features", "--example", program, "--"];
    let mut command = workspace::cargo(&arguments);
    let root = workspace::root();
    // As short as can be: each mismatch is told with its file.
    let traces = traces.iter().map(|trace| trace.strip_prefix(&root).unwrap_or(trace));
    command.args(["--backend", backend]).args(traces).envs(store.variables()).stdout(Stdio::piped());
    let mut replay = Process::spawn(&mut command)?;
    let mut last = String::new();
    if let Some(stdout) = replay.pipes().stdout.take() {
        for line in BufReader::new(stdout).lines() {
            last = line.or_fail("reading what the replay prints")?;
            println!("{last}");
        }
    }
    let status = replay.wait()?;
    match verdict(status.success(), &last) {
        Ok(()) => Ok(true),
        Err(why) => {
            println!("vectors: {why} on `{backend}`");
            Ok(false)
        }
    }
}

/// The package and the example of it that replay on this backend.
fn program(backend: &str) -> (&'static str, &'static str) {
    if backend == "sqlite" { ("sqlite-backend", "vectors") } else { ("limiter-factory", "replay") }
}

/// A replay counts when it ended well and says that it replayed something.
fn verdict(ended_well: bool, last_line: &str) -> Result<(), String> {
    match totals(last_line) {
        None => Err("the replay didn't end with `N passed, M failed`".to_owned()),
        Some((0, 0)) => Err("not one call was replayed".to_owned()),
        Some((_, failed)) if failed > 0 => Err(format!("{failed} of the calls failed")),
        Some(_) if !ended_well => Err("the replay ended with an error".to_owned()),
        Some(_) => Ok(()),
    }
}

/// N and M of `N passed, M failed`, with whatever stands before and after.
fn totals(line: &str) -> Option<(u64, u64)> {
    let (before, after) = line.split_once(" passed, ")?;
    let passed = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    let failed = after.split_once(" failed")?.0;
    Some((passed.parse().ok()?, failed.parse().ok()?))
}

/// The files named, directories replaced by the traces in them; without any, those of the workspace.
fn traces(root: &Path, named: &[String]) -> Result<Vec<PathBuf>> {
    if named.is_empty() {
        return traces_in(&root.join(DEFAULT_TRACES));
    }
    let mut files = Vec::new();
    for name in named {
        // Relative to where the caller stands, which needn't be the root where cargo is run.
        let path = std::path::absolute(name).or_fail(format!("`{name}`"))?;
        match (path.is_dir(), path.is_file()) {
            (true, _) => files.extend(traces_in(&path)?),
            (_, true) => files.push(path),
            _ => return failed(format!("`{name}` is neither a file nor a directory")),
        }
    }
    Ok(files)
}

fn traces_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let shown = directory.display();
    let entries = fs::read_dir(directory).or_fail(format!("listing {shown}"))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    if files.is_empty() {
        return failed(format!("{shown} holds no trace (*.jsonl)"));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_of_nothing_is_a_failure() {
        assert!(verdict(true, "0 passed, 0 failed").is_err());
        assert!(verdict(true, "").is_err());
        assert!(verdict(true, "done").is_err());
    }

    #[test]
    fn a_replay_counts_only_without_failures_and_with_a_good_end() {
        assert_eq!(verdict(true, "1234 passed, 0 failed"), Ok(()));
        assert_eq!(verdict(true, "memory: 1234 passed, 0 failed"), Ok(()));
        assert!(verdict(true, "1233 passed, 1 failed").is_err());
        assert!(verdict(false, "1234 passed, 0 failed").is_err());
    }

    #[test]
    fn a_directory_stands_for_its_traces_and_must_hold_some() {
        let manifests = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(matches!(traces_in(manifests), Err(Failure::Failed(_))));
        let missing = ["no-such-file.jsonl".to_owned()];
        assert!(matches!(traces(manifests, &missing), Err(Failure::Failed(_))));
    }
}
