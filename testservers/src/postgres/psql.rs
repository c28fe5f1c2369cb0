//! What clients of PostgreSQL are given, and `psql`.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::output;
use crate::patience::until;

/// How long `psql` may take.
const ANSWER: Duration = Duration::from_secs(30);
/// As long as figures take to come, of a session that has ended.
const FIGURES: Duration = Duration::from_millis(800);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How to reach a server.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) psql: PathBuf,
    pub(super) port: u16,
    /// The authority that its certificate comes from, when it speaks TLS.
    pub(super) authority: Option<PathBuf>,
}

impl Access {
    /// What it prints, less the newline at the end.
    pub(super) fn ask(&self, database: &str, arguments: &[&str]) -> io::Result<String> {
        let mut command = Command::new(&self.psql);
        self.introduce(&mut command);
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", database]).args(arguments);
        let output = output::of(&mut command, ANSWER)?;
        let printed = String::from_utf8(output.stdout);
        let mut printed = printed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if !output.status.success() {
            let said = format!("{printed}{}", String::from_utf8_lossy(&output.stderr));
            return Err(io::Error::other(format!("psql ended with {}: {}", output.status, said.trim())));
        }
        printed.truncate(printed.strip_suffix('\n').map_or(printed.len(), str::len));
        Ok(printed)
    }

    /// What the server answers to SQL, once that is the same for a while.
    pub(super) fn ask_at_rest(&self, database: &str, sql: &str) -> io::Result<String> {
        let (mut seen, mut since) = (self.ask(database, &["-c", sql])?, Instant::now());
        until(ANSWER, LOOK_EVERY, || {
            let now = self.ask(database, &["-c", sql])?;
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
            let rested = (since.elapsed() >= FIGURES).then(|| seen.clone());
            rested
                .ok_or_else(|| io::Error::new(io::ErrorKind::TimedOut, format!("{sql} changes all the time")))
        })
    }

    /// Tells a client program where the server is, and who asks.
    pub(super) fn introduce(&self, command: &mut Command) {
        bare(command);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-w"]);
        // Not the host: its certificate may be for another one on purpose.
        match &self.authority {
            Some(authority) => command.env("PGSSLMODE", "verify-ca").env("PGSSLROOTCERT", authority),
            None => command.env("PGSSLMODE", "disable"),
        };
    }
}

/// Nothing of whoever started this process goes into it, nor what lies in their home, and it speaks English.
pub(super) fn bare(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").env("HOME", "/nonexistent");
}

/// Runs a program of PostgreSQL in a folder to its end.
pub(super) fn run(command: &mut Command, folder: &Path, limit: Duration) -> io::Result<()> {
    let output = output::of(command.current_dir(folder), limit)?;
    if output.status.success() {
        return Ok(());
    }
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(io::Error::other(format!("it ended with {}: {}", output.status, said.trim())))
}
