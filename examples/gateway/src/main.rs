//! Starts the gateway: `RATE_LIMITER` says where the counts live, `GATEWAY_*` how much is allowed.

use std::io::{self, Write};
use std::process::ExitCode;

use gateway::Config;
use limiter_factory::{ConfigErrors, Factory, Limiters};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(level).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            // There is nowhere left to report to when stderr has gone.
            drop(writeln!(io::stderr(), "{report}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let (config, limiters) = configured().await?;
    let addr = config.addr;
    let failed = |error: io::Error| format!("the gateway failed: {error}");
    let listener = TcpListener::bind(addr)
        .await
        .map_err(|error| format!("GATEWAY_ADDR is {addr}, where the gateway can't listen: {error}"))?;
    let local = listener.local_addr().map_err(failed)?;
    let asked_to_end = end_signal().map_err(failed)?;

    tracing::info!(limiter = limiters.describe(), "starting");
    say(&format!("listening on http://{local}"));
    gateway::serve(listener, limiters, config, asked_to_end).await.map_err(failed)?;
    say("drained");
    Ok(())
}

/// Everything that is wrong with the environment, at once.
async fn configured() -> Result<(Config, Limiters), String> {
    match (Config::from_env(), limiters().await) {
        (Ok(config), Ok(limiters)) => Ok((config, limiters)),
        (Err(wrong), Ok(_)) => Err(wrong.to_string()),
        (Ok(_), Err(wrong)) => Err(wrong.to_string()),
        (Err(gateway), Err(limiter)) => Err(format!("{limiter}\n{gateway}")),
    }
}

/// What the environment chooses, among the backends of the SDK and one of our own.
async fn limiters() -> Result<Limiters, ConfigErrors> {
    Factory::new().register(sqlite_backend::registration()).from_env().await
}

/// Completes when the process is asked to end.
#[cfg(unix)]
fn end_signal() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Completes when the process is asked to end.
#[cfg(not(unix))]
fn end_signal() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// A line on stdout, for whoever started the gateway. That nobody reads it is no reason to end.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}
