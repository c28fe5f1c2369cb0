//! Replays worked traces on backends: the program behind `cargo xtask vectors`.
//!
//! ```text
//! replay [--backend model|memory|redis|postgres]... [FILE|DIR]...
//! ```
//!
//! `redis` and `postgres` are there with the features of those names, and ask the server of `REDIS_URL` or `DATABASE_URL`,
//! under a new prefix for each trace. Without a backend all are asked, without a file or directory the traces that come with limiter-testkit are
//! replayed. It prints each answer that isn't the wanted one, and last `N passed, N failed`. It ends with 0 when
//! all passed, with 1 when one failed or nothing was replayed, with 2 when it couldn't start.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::future::ready;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_memory::{Config, MemoryBackend};
use limiter_testkit::Model;
use limiter_testkit::replay::{Report, Trace, packaged};

const USAGE: &str = "usage: replay [--backend model|memory|redis|postgres]... [FILE|DIR]...";

type Building = Pin<Box<dyn Future<Output = Result<Backend, String>>>>;
type Build = fn(ManualClock) -> Building;

const BACKENDS: &[(&str, Build)] = &[
    ("model", |clock| Box::pin(ready(Ok(model(clock))))),
    ("memory", |clock| Box::pin(ready(memory(clock)))),
    #[cfg(feature = "redis")]
    ("redis", |clock| Box::pin(redis(clock))),
    #[cfg(feature = "postgres")]
    ("postgres", |clock| Box::pin(postgres(clock))),
];

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
        let backend = build(clock.clone()).await?;
        report.add(trace.run(&backend, &clock).await);
        // Its connections end here, and not only with the program.
        backend.control.shutdown().await.map_err(|error| error.to_string())?;
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
        let accepted = BACKENDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let left_out = name.filter(|name| ["redis", "postgres"].contains(name));
        let hint = left_out
            .map(|name| format!(" ({name} with limiter-factory's feature {name:?})"))
            .unwrap_or_default();
        format!("--backend is {held}; accepted: {accepted}{hint}\n{USAGE}")
    })
}

fn model(clock: ManualClock) -> Backend {
    Backend::new("model", Arc::new(Model::new(clock)))
}

fn memory(clock: ManualClock) -> Result<Backend, String> {
    let memory =
        MemoryBackend::with_clock(Config::default(), Arc::new(clock)).map_err(|error| error.to_string())?;
    Ok(Backend::new("memory", Arc::new(memory)))
}

/// Counts under a prefix that nobody else has, so that no trace sees another's counts.
#[cfg(feature = "redis")]
async fn redis(clock: ManualClock) -> Result<Backend, String> {
    let redis = in_redis(&url("REDIS_URL")?, clock).await.map_err(|error| format!("REDIS_URL: {error}"))?;
    Ok(Backend::new("redis", Arc::new(redis)))
}

#[cfg(feature = "redis")]
async fn in_redis(url: &str, clock: ManualClock) -> limiter_core::Result<limiter_redis::RedisBackend> {
    let config = limiter_redis::Config::new(url)?;
    let options = config.options().clone().with_prefix(&prefix()?)?;
    limiter_redis::RedisBackend::with_clock(config.with_options(options), Arc::new(clock)).await
}

/// Likewise.
#[cfg(feature = "postgres")]
async fn postgres(clock: ManualClock) -> Result<Backend, String> {
    let url = url("DATABASE_URL")?;
    let postgres = in_postgres(&url, clock).await.map_err(|error| format!("DATABASE_URL: {error}"))?;
    Ok(Backend::new("postgres", Arc::new(postgres)))
}

#[cfg(feature = "postgres")]
async fn in_postgres(
    url: &str,
    clock: ManualClock,
) -> limiter_core::Result<limiter_postgres::PostgresBackend> {
    let config = limiter_postgres::Config::new(url)?;
    let options = config.options().clone().with_prefix(&prefix()?)?.with_pool_size(2)?;
    limiter_postgres::PostgresBackend::with_clock(config.with_options(options), Arc::new(clock)).await
}

#[cfg(any(feature = "redis", feature = "postgres"))]
fn url(variable: &str) -> Result<String, String> {
    std::env::var(variable).map_err(|_| {
        format!("{variable} isn't set, or isn't UTF-8; accepted: the URL of the backend's server")
    })
}

#[cfg(any(feature = "redis", feature = "postgres"))]
fn prefix() -> limiter_core::Result<String> {
    Ok(format!("replay:{}", limiter_core::LeaseId::random()?))
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
