//! Replays worked traces on backends: the program behind `cargo xtask vectors`.
//!
//! ```text
//! replay [--backend model|memory]... [FILE|DIR]...
//! ```
//!
//! Without a backend all are asked, without a file or directory the traces that come with limiter-testkit are
//! replayed. It prints each answer that isn't the wanted one, and last `N passed, N failed`. It ends with 0 when
//! all passed, with 1 when one failed or nothing was replayed, with 2 when it couldn't start.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_memory::{Config, MemoryBackend};
use limiter_testkit::Model;
use limiter_testkit::replay::{Report, Trace, packaged};

const USAGE: &str = "usage: replay [--backend model|memory]... [FILE|DIR]...";

type Build = fn(&ManualClock) -> limiter_core::Result<Backend>;

const BACKENDS: [(&str, Build); 2] = [("model", |clock| Ok(model(clock))), ("memory", memory)];

#[derive(Default)]
struct Arguments {
    backends: Vec<(&'static str, Build)>,
    paths: Vec<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match replay(std::env::args().skip(1)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(what) => {
            eprintln!("replay: {what}");
            ExitCode::from(2)
        }
    }
}

/// Whether calls were replayed and all were answered as wanted.
async fn replay(arguments: impl Iterator<Item = String>) -> Result<bool, String> {
    let Arguments { backends, paths } = Arguments::parse(arguments)?;
    let traces = if paths.is_empty() { packaged_traces()? } else { traces(&paths)? };
    let mut total = Report::default();
    for (name, build) in backends {
        let report = replay_on(build, &traces).await?;
        for mismatch in &report.mismatches {
            println!("{mismatch}");
        }
        println!("{name}: {} passed, {} failed", report.passed, report.mismatches.len());
        total.add(report);
    }
    println!("{} passed, {} failed", total.passed, total.mismatches.len());
    Ok(total.is_clean())
}

/// Replays each trace on a store of its own.
async fn replay_on(build: Build, traces: &[Trace]) -> Result<Report, String> {
    let mut report = Report::default();
    for trace in traces {
        let clock = ManualClock::default();
        let backend = build(&clock).map_err(|error| error.to_string())?;
        report.add(trace.run(&backend, &clock).await);
    }
    Ok(report)
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--backend" => parsed.backends.push(backend(arguments.next().as_deref())?),
                option if option.starts_with('-') => {
                    return Err(format!("{option} isn't an option; accepted: --backend\n{USAGE}"));
                }
                path => parsed.paths.push(path.into()),
            }
        }
        if parsed.backends.is_empty() {
            parsed.backends = BACKENDS.to_vec();
        }
        Ok(parsed)
    }
}

fn backend(name: Option<&str>) -> Result<(&'static str, Build), String> {
    let known = BACKENDS.iter().find(|(known, _)| Some(*known) == name);
    known.copied().ok_or_else(|| {
        let held = name.map_or_else(|| "nothing".to_owned(), |name| format!("{name:?}"));
        format!("--backend is {held}; accepted: model, memory\n{USAGE}")
    })
}

fn model(clock: &ManualClock) -> Backend {
    Backend::new("model", Arc::new(Model::new(clock.clone())))
}

fn memory(clock: &ManualClock) -> limiter_core::Result<Backend> {
    let memory = MemoryBackend::with_clock(Config::default(), Arc::new(clock.clone()))?;
    Ok(Backend::new("memory", Arc::new(memory)))
}

fn packaged_traces() -> Result<Vec<Trace>, String> {
    packaged().map(|(name, text)| parse(name, text)).collect()
}

fn traces(paths: &[PathBuf]) -> Result<Vec<Trace>, String> {
    let mut traces = Vec::new();
    for path in paths {
        for file in files(path)? {
            let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            traces.push(parse(&file.display().to_string(), &text)?);
        }
    }
    Ok(traces)
}

/// A file stands for itself, a directory for the `.jsonl` files in it.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| unreadable(path, &error))?;
    let mut files: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    if files.is_empty() {
        return Err(format!("{} holds no trace; accepted: a directory with .jsonl files", path.display()));
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!(
        "{} can't be read: {error}; accepted: a trace of JSON lines, or a directory of them",
        path.display()
    )
}

fn parse(file: &str, text: &str) -> Result<Trace, String> {
    Trace::parse(file, text).map_err(|error| error.to_string())
}
