//! A program that serves on a free port, out of a folder of its own, as a user that isn't root.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::psql::bare;
use crate::account::Account;
use crate::patience::until;
use crate::process::Process;
use crate::unavailable::{OrUnavailable, Unavailable};
use crate::{base, ports, spawner};

const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long a server may take to start, recovery after a crash included.
const START: Duration = Duration::from_secs(60);
/// How often another port is tried when somebody else was faster.
const PORTS: usize = 10;
const PORT_TAKEN: &str = "ddress already in use";

/// What is the same on any port.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) file: PathBuf,
    /// What it says once it takes connections.
    pub(super) ready: &'static str,
    pub(super) account: Account,
}

/// One that runs, or ran.
#[derive(Debug)]
pub(super) struct Daemon {
    program: Program,
    port: u16,
    arguments: Vec<String>,
    // Before the folder: the server is dead before its files are removed.
    process: Mutex<Arc<Process>>,
    folder: TempDir,
}

/// Why one attempt to start came to nothing.
enum Hitch {
    /// Somebody else listens there.
    PortTaken(Unavailable),
    Other(Unavailable),
}

/// A folder that belongs to the user that servers run as.
pub(super) fn folder(account: Account) -> Result<TempDir, Unavailable> {
    let folder = base::folder().or_unavailable("making a folder for a server")?;
    account.give(folder.path()).or_unavailable("giving a folder to a server's user")?;
    Ok(folder)
}

impl Daemon {
    /// Starts it on a free port, with the arguments that belong to port and folder.
    pub(super) fn launch(
        program: Program,
        folder: TempDir,
        arguments: impl Fn(u16, &Path) -> io::Result<Vec<String>>,
    ) -> Result<Self, Unavailable> {
        let mut taken = None;
        for _ in 0..PORTS {
            let port = ports::free()?;
            let arguments = arguments(port, folder.path()).or_unavailable("writing a server's settings")?;
            match program.attempt(port, &arguments, folder.path()) {
                Ok(process) => {
                    return Ok(Self { program, port, arguments, process: Mutex::new(process), folder });
                }
                Err(Hitch::PortTaken(why)) => taken = Some(why),
                Err(Hitch::Other(why)) => return Err(why),
            }
        }
        Err(taken.unwrap_or_else(|| Unavailable::new("no port was tried")))
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Starts one that has ended once more: same port, same folder, same arguments.
    pub(super) fn start_again(&self) -> Result<(), Unavailable> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = process.ended().or_unavailable("looking whether a server still runs")?;
        if ended.is_none() {
            return Err(Unavailable::new(format!("the server on {} still runs", self.address())));
        }
        // What it has left behind, where it ended by itself.
        process.kill();
        let attempt = || match self.program.attempt(self.port, &self.arguments, self.folder.path()) {
            Ok(started) => Ok(Ok(started)),
            Err(Hitch::Other(why)) => Ok(Err(why)),
            Err(Hitch::PortTaken(why)) => Err(why),
        };
        *process = until(START, LOOK_EVERY, attempt)??;
        Ok(())
    }

    pub(super) fn process(&self) -> Arc<Process> {
        Arc::clone(&self.process.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Program {
    fn attempt(&self, port: u16, arguments: &[String], folder: &Path) -> Result<Arc<Process>, Hitch> {
        let shown = self.file.display();
        let mut command = spawner::bound(&self.file);
        bare(&mut command);
        self.account.run(command.args(arguments));
        let process = Process::start(command, folder)
            .or_unavailable(format!("starting {shown}"))
            .map_err(Hitch::Other)?;
        let seen = until(START, LOOK_EVERY, || self.look(&process));
        let why = match seen {
            Ok(Ok(())) => return Ok(process),
            Ok(Err(why)) | Err(why) => why,
        };
        let taken = process.log().is_ok_and(|log| log.contains(PORT_TAKEN));
        let why = Unavailable::new(format!("{shown} on port {port}: {why}\n{}", process.log_end()));
        Err(if taken { Hitch::PortTaken(why) } else { Hitch::Other(why) })
    }

    /// `Ok(Ok)`: it takes connections. `Ok(Err)`: it never will. Its own word is asked for, since whoever listens there
    /// may be another.
    fn look(&self, process: &Process) -> Result<Result<(), String>, String> {
        match process.ended() {
            Ok(None) => {}
            Ok(Some(status)) => return Ok(Err(format!("it ended with {status}"))),
            Err(error) => return Ok(Err(error.to_string())),
        }
        if process.log().is_ok_and(|log| log.contains(self.ready)) {
            return Ok(Ok(()));
        }
        Err(format!("it didn't start within {} s", START.as_secs()))
    }
}
