//! One server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::programs::{self, Programs};
use crate::patience::until;
use crate::process::Process;
#[cfg(feature = "tls")]
use crate::tls::{Certificates, Identity};
use crate::unavailable::{OrUnavailable, Unavailable};
use crate::{base, output, ports, spawner};

const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);
/// How long `redis-cli` may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How often another port is tried when somebody else was faster.
const PORTS: usize = 10;
const PORT_TAKEN: [&str; 2] = ["ddress already in use", "ailed listening on port"];

/// A private server on a free port of 127.0.0.1, which ends when this is dropped.
///
/// Its log, its files and nothing else lie in a folder of its own, which goes with it.
#[derive(Debug)]
pub struct Redis {
    plan: Plan,
    port: u16,
    arguments: Vec<String>,
    // Before the folder: the server is dead before its files are removed.
    process: Mutex<Arc<Process>>,
    folder: TempDir,
}

/// What is the same for a server on any port.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    programs: Programs,
    /// What the server says once it takes connections.
    ready: &'static str,
    /// The authority that its certificate comes from, when it speaks TLS.
    authority: Option<PathBuf>,
}

/// Why one attempt to start came to nothing.
enum Hitch {
    /// Somebody else listens there.
    PortTaken(Unavailable),
    Other(Unavailable),
}

impl Redis {
    /// Starts a server that keeps nothing on disk.
    ///
    /// # Errors
    /// There is no program (see [`find`](super::find)), or it doesn't answer within 20 s; then the end of its log is
    /// in the text.
    pub fn start() -> Result<Self, Unavailable> {
        Self::with(&[])
    }

    /// Starts a server with further arguments, which override what would hold otherwise:
    /// `&["--appendonly", "yes"]`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with(arguments: &[&str]) -> Result<Self, Unavailable> {
        let plan = Plan::new("Ready to accept connections")?;
        Self::launch(&plan, |port, folder| {
            let port = port.to_string();
            Ok([base_arguments(&["--port", &port], folder), owned(arguments)].concat())
        })
    }

    #[cfg(feature = "tls")]
    /// Starts a server that speaks TLS alone, with the certificate for `localhost` and 127.0.0.1.
    ///
    /// # Errors
    /// As [`start`](Self::start). A program that was built without TLS says so in its log.
    pub fn with_tls(certificates: &Certificates) -> Result<Self, Unavailable> {
        Self::with_identity(certificates, certificates.right())
    }

    #[cfg(feature = "tls")]
    /// Like [`with_tls`](Self::with_tls), with the certificate for another host: clients that check must refuse it.
    ///
    /// # Errors
    /// As [`with_tls`](Self::with_tls).
    pub fn with_tls_of_another_host(certificates: &Certificates) -> Result<Self, Unavailable> {
        Self::with_identity(certificates, certificates.of_another_host())
    }

    #[cfg(feature = "tls")]
    fn with_identity(certificates: &Certificates, identity: &Identity) -> Result<Self, Unavailable> {
        let mut plan = Plan::new("Ready to accept connections")?;
        plan.authority = Some(certificates.authority().to_owned());
        let files = [
            ("--tls-ca-cert-file", certificates.authority()),
            ("--tls-cert-file", identity.certificate()),
            ("--tls-key-file", identity.key()),
        ];
        let files = files.iter().flat_map(|(name, file)| [(*name).to_owned(), file.display().to_string()]);
        let files: Vec<String> = files.collect();
        Self::launch(&plan, |port, folder| {
            let port = port.to_string();
            let ports = ["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"];
            Ok([base_arguments(&ports, folder), files.clone()].concat())
        })
    }

    /// Starts it on a free port, with the arguments that belong to port and folder.
    pub(super) fn launch(
        plan: &Plan,
        arguments: impl Fn(u16, &Path) -> io::Result<Vec<String>>,
    ) -> Result<Self, Unavailable> {
        let mut taken = None;
        for _ in 0..PORTS {
            let port = ports::free()?;
            let folder = base::folder().or_unavailable("making a folder for a server")?;
            let arguments =
                arguments(port, folder.path()).or_unavailable("preparing the folder of a server")?;
            match plan.attempt(port, &arguments, folder.path()) {
                Ok(process) => {
                    let process = Mutex::new(process);
                    return Ok(Self { plan: plan.clone(), port, arguments, process, folder });
                }
                Err(Hitch::PortTaken(why)) => taken = Some(why),
                Err(Hitch::Other(why)) => return Err(why),
            }
        }
        Err(taken.unwrap_or_else(|| Unavailable::new("no port was tried")))
    }

    /// Its port; that of TLS where it speaks TLS.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// `redis://127.0.0.1:PORT`, with `rediss` where it speaks TLS.
    pub fn url(&self) -> String {
        let scheme = if self.plan.authority.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}", self.address())
    }

    /// Runs `redis-cli` with these words, options of its own before them (`&["-n", "1", "GET", "a"]`), and returns
    /// what it prints, less the newline at the end. Error replies are printed as well: `ERR unknown command …`.
    ///
    /// # Errors
    /// It can't be run or can't reach the server, it took longer than 30 s (`TimedOut`), or it printed something
    /// that isn't UTF-8 (`InvalidData`).
    pub fn cli(&self, words: &[&str]) -> io::Result<String> {
        self.plan.cli(self.port, words)
    }

    /// Ends it without asking (SIGKILL), and waits until it is gone. Nothing happens to one that has ended.
    pub fn kill(&self) {
        self.process().kill();
    }

    /// Asks it to end (SIGTERM), and waits until it is gone. One that doesn't end in 10 s is killed.
    pub fn stop(&self) {
        self.process().stop();
    }

    /// Starts one that has ended once more: same port, same folder, same arguments.
    ///
    /// # Errors
    /// It still runs, or it doesn't come up within 20 s.
    pub fn start_again(&self) -> Result<(), Unavailable> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = process.ended().or_unavailable("looking whether a server still runs")?;
        if ended.is_none() {
            return Err(Unavailable::new(format!("the server on {} still runs", self.address())));
        }
        // What it has left behind, where it ended by itself.
        process.kill();
        let attempt = || match self.plan.attempt(self.port, &self.arguments, self.folder.path()) {
            Ok(started) => Ok(Ok(started)),
            Err(Hitch::Other(why)) => Ok(Err(why)),
            Err(Hitch::PortTaken(why)) => Err(why),
        };
        *process = until(START, LOOK_EVERY, attempt)??;
        Ok(())
    }

    /// Holds it (SIGSTOP): it keeps its connections, the system accepts new ones, and nothing is answered.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.process().resume();
    }

    fn process(&self) -> Arc<Process> {
        Arc::clone(&self.process.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The end of what it has said, to be shown.
    pub(super) fn log_end(&self) -> String {
        self.process().log_end()
    }
}

impl Plan {
    pub(super) fn new(ready: &'static str) -> Result<Self, Unavailable> {
        Ok(Self { programs: programs::find()?, ready, authority: None })
    }

    fn attempt(&self, port: u16, arguments: &[String], folder: &Path) -> Result<Arc<Process>, Hitch> {
        let server = self.programs.server();
        let mut command = spawner::bound(server);
        command.args(arguments);
        let process = Process::start(command, folder)
            .or_unavailable(format!("starting {}", server.display()))
            .map_err(Hitch::Other)?;
        let seen = until(START, LOOK_EVERY, || self.look(port, &process));
        let why = match seen {
            Ok(Ok(())) => return Ok(process),
            Ok(Err(why)) | Err(why) => why,
        };
        let log = process.log().unwrap_or_default();
        let why = format!("{} on port {port}: {why}\n{}", server.display(), process.log_end());
        let why = Unavailable::new(why);
        let taken = PORT_TAKEN.iter().any(|words| log.contains(words));
        Err(if taken { Hitch::PortTaken(why) } else { Hitch::Other(why) })
    }

    /// `Ok(Ok)`: it answers. `Ok(Err)`: it never will. Its own word comes first, since whoever answers may be another.
    fn look(&self, port: u16, process: &Process) -> Result<Result<(), String>, String> {
        match process.ended() {
            Ok(None) => {}
            Ok(Some(status)) => return Ok(Err(format!("it ended with {status}"))),
            Err(error) => return Ok(Err(error.to_string())),
        }
        if !process.log().is_ok_and(|log| log.contains(self.ready)) {
            return Err(format!("it didn't start within {} s", START.as_secs()));
        }
        let answer = self.cli(port, &["PING"]).map_err(|error| format!("it doesn't answer PING: {error}"))?;
        if answer.starts_with("LOADING") { Err(answer) } else { Ok(Ok(())) }
    }

    fn cli(&self, port: u16, words: &[&str]) -> io::Result<String> {
        let mut command = Command::new(self.programs.cli());
        command.env_remove("REDISCLI_AUTH").args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        if let Some(authority) = &self.authority {
            command.arg("--tls").arg("--cacert").arg(authority);
        }
        let output = output::of(command.args(words), ANSWER)?;
        let printed = String::from_utf8(output.stdout);
        let mut printed = printed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if !output.status.success() {
            let said = format!("{}{printed}", String::from_utf8_lossy(&output.stderr));
            return Err(io::Error::other(format!("redis-cli ended with {}: {}", output.status, said.trim())));
        }
        printed.truncate(printed.strip_suffix('\n').map_or(printed.len(), str::len));
        Ok(printed)
    }
}

/// What every server is told. A replica is fed at once, and not after five seconds.
fn base_arguments(ports: &[&str], folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let rest = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", &folder];
    [owned(ports), owned(&rest), owned(&["--repl-diskless-sync-delay", "0"])].concat()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_another_server_has_is_told_apart_from_other_troubles() {
        let first = Redis::start().unwrap();
        let folder = base::folder().unwrap();
        let attempt = |more: &str| {
            let ports = ["--port", &first.port.to_string(), more];
            first.plan.attempt(first.port, &base_arguments(&ports, folder.path()), folder.path())
        };
        assert!(matches!(attempt("--appendonly no"), Err(Hitch::PortTaken(_))));
        let told = attempt("--no-such-setting 1");
        assert!(matches!(told, Err(Hitch::Other(why)) if why.to_string().contains("no-such-setting")));
        assert_eq!(first.cli(&["PING"]).unwrap(), "PONG");
    }
}
