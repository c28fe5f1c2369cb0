//! A gateway as a child process: started, asked where it listens, ended.

use std::collections::VecDeque;
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::client::Client;
use crate::failure::{OrFail, Result, failed};
use crate::process::Process;

/// How long a gateway may take to start, and to refuse to.
const START: Duration = Duration::from_secs(15);
/// How long it may take to end once asked.
pub(crate) const END: Duration = Duration::from_secs(5);
/// As much of its log as is kept to be shown.
const LOG_LINES: usize = 40;
const ANNOUNCEMENT: &str = "listening on ";

/// Who is going to talk to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The walk, which counts on the defaults: no `GATEWAY_*` variable of the caller's is passed on, and the log is
    /// kept for when something fails.
    Walk,
    /// People: the caller's variables hold, and the log goes to the terminal.
    People,
}

type Log = Arc<Mutex<VecDeque<String>>>;

/// A gateway that listens.
#[derive(Debug)]
pub(crate) struct Gateway {
    process: Process,
    address: String,
    lines: Receiver<String>,
    log: Log,
}

/// How a gateway ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<ExitStatus>,
    /// What it printed since it listened.
    pub(crate) lines: Vec<String>,
    pub(crate) took: Duration,
}

/// What a gateway said that refused to start.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: Option<ExitStatus>,
    pub(crate) log: String,
}

impl Gateway {
    /// Starts it and waits until it listens.
    pub(crate) fn start(program: &Path, settings: &[(&str, &str)], audience: Audience) -> Result<Self> {
        let mut command = command(program, settings, audience);
        let mut process = Process::spawn(command.stdout(Stdio::piped()))?;
        let (log, reader) = keep_log(&mut process);
        let lines = read_lines(&mut process);
        match announced(&lines) {
            Ok(address) => Ok(Self { process, address, lines, log }),
            Err(why) => {
                drop(process);
                // Its log is complete once its reader has seen the end.
                reader.join().ok();
                failed(format!("the gateway didn't start: {why}\n{}", text(&log)))
            }
        }
    }

    /// Starts one that must not come up, and hears why.
    pub(crate) fn refuse(program: &Path, settings: &[(&str, &str)]) -> Result<Refusal> {
        let mut process = Process::spawn(&mut command(program, settings, Audience::Walk))?;
        let mut stderr = process.pipes().stderr.take();
        let status = process.wait_at_most(START)?;
        drop(process);
        let mut log = String::new();
        if let Some(stderr) = &mut stderr {
            stderr.read_to_string(&mut log).or_fail("reading what the gateway said")?;
        }
        Ok(Refusal { status, log })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// The end of its log.
    pub(crate) fn log(&self) -> String {
        text(&self.log)
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.process.wait_at_most(Duration::ZERO)?.is_some())
    }

    /// Asks it to end and waits for it, as long as it may take.
    pub(crate) fn end(mut self) -> Result<Ended> {
        let asked = Instant::now();
        self.process.terminate();
        let status = self.process.wait_at_most(END)?;
        let took = asked.elapsed();
        // One that still runs is ended for good here, and its last lines can be read.
        drop(self.process);
        Ok(Ended { status, lines: self.lines.iter().collect(), took })
    }
}

/// An empty value stands for a variable that isn't set.
fn command(program: &Path, settings: &[(&str, &str)], audience: Audience) -> Command {
    let mut command = Command::new(program);
    // For test programs; a gateway would rightly take it for a setting that it doesn't know.
    command.env_remove("TESTKIT_LONG").stdin(Stdio::null());
    if audience == Audience::Walk {
        let names = env::vars_os().map(|(name, _)| name);
        for name in names.filter(|name| name.to_string_lossy().starts_with("GATEWAY_")) {
            command.env_remove(name);
        }
        command.stdout(Stdio::null()).stderr(Stdio::piped());
    }
    for (name, value) in settings {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    command
}

fn announced(lines: &Receiver<String>) -> Result<String, String> {
    let line = match lines.recv_timeout(START) {
        Ok(line) => line,
        Err(RecvTimeoutError::Timeout) => return Err(format!("no word from it in {} s", START.as_secs())),
        Err(RecvTimeoutError::Disconnected) => return Err("it ended".to_owned()),
    };
    match line.strip_prefix(ANNOUNCEMENT) {
        Some(address) => Ok(address.trim().trim_end_matches('/').to_owned()),
        None => Err(format!("its first line isn't `{ANNOUNCEMENT}…` but {line:?}")),
    }
}

fn read_lines(process: &mut Process) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = process.pipes().stdout.take() {
        thread::spawn(move || {
            let read = BufReader::new(stdout).lines().map_while(std::result::Result::ok);
            read.map(|line| sender.send(line)).take_while(std::result::Result::is_ok).for_each(drop);
        });
    }
    lines
}

/// Keeps the end of its log, and reads on so that it never waits for a reader.
fn keep_log(process: &mut Process) -> (Log, JoinHandle<()>) {
    let log = Log::default();
    let (kept, stderr) = (Arc::clone(&log), process.pipes().stderr.take());
    let reader = thread::spawn(move || {
        let Some(stderr) = stderr else { return };
        for line in BufReader::new(stderr).lines().map_while(std::result::Result::ok) {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == LOG_LINES {
                kept.pop_front();
            }
            kept.push_back(line);
        }
    });
    (log, reader)
}

fn text(log: &Log) -> String {
    let lines = log.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::failure::Failure;

    #[test]
    fn a_program_that_says_nothing_or_something_else_did_not_start() {
        for (program, why) in [("false", "it ended"), ("pwd", "its first line isn't")] {
            let outcome = Gateway::start(Path::new(program), &[], Audience::Walk);
            assert!(
                matches!(&outcome, Err(Failure::Failed(told)) if told.contains(why)),
                "{program}: {outcome:?}"
            );
        }
    }

    #[test]
    fn a_refusal_keeps_the_exit_code_and_what_was_said() {
        let refusal = Gateway::refuse(Path::new("expr"), &[]).unwrap();
        assert_eq!(refusal.status.and_then(|status| status.code()), Some(2));
        assert!(refusal.log.contains("expr"), "{}", refusal.log);
    }

    #[test]
    fn the_address_is_read_from_the_announcement() {
        let (sender, lines) = mpsc::channel();
        sender.send("listening on http://127.0.0.1:4711".to_owned()).unwrap();
        assert_eq!(announced(&lines), Ok("http://127.0.0.1:4711".to_owned()));
        drop(sender);
        assert_eq!(announced(&lines), Err("it ended".to_owned()));
    }
}
