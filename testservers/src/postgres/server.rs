//! One server.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::daemon::{self, Daemon, Program};
use super::programs::{self, Programs};
use super::psql::Access;
use super::template;
use super::url::url;
use crate::account::Account;
use crate::signal::Signal;
use crate::unavailable::{OrUnavailable, Unavailable};

/// What it says once it takes connections, and as a standby `… read-only connections`.
const READY: &str = "database system is ready to accept";
/// What every server is told. Its shared memory lies in its folder, as far as it can, and goes with that.
const SETTINGS: [(&str, &str); 6] = [
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    ("shared_buffers", "16MB"),
    ("dynamic_shared_memory_type", "mmap"),
    ("lc_messages", "C"),
    // Not the default before PostgreSQL 14.
    ("password_encryption", "scram-sha-256"),
];
/// Everybody has to give a password but the superuser.
const PASSWORDS: &str = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n\
                         host replication postgres 127.0.0.1/32 trust\n";

/// A private server on a free port of 127.0.0.1, which ends when this is dropped.
///
/// Its log, its files and nothing else lie in a folder of its own, which goes with it. Everybody from this machine is
/// let in, as whomever they say they are; `postgres` is its superuser.
#[derive(Debug)]
pub struct Postgres {
    pub(super) plan: Plan,
    access: Access,
    daemon: Daemon,
}

/// What is the same for a server on any port.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) programs: Programs,
    pub(super) account: Account,
    pub(super) settings: Vec<(String, String)>,
    /// Who is let in, when not everybody is.
    pub(super) admission: Option<&'static str>,
}

impl Postgres {
    /// Starts a server that keeps what it is told as one in production does: a commit is on disk.
    ///
    /// # Errors
    /// There are no programs (see [`find`](super::find)), this process is root and there is no other user that could
    /// run them, or it isn't ready within a minute; then the end of its log is in the text.
    pub fn start() -> Result<Self, Unavailable> {
        Self::with(&[])
    }

    /// Starts a server with further settings, which override what would hold otherwise:
    /// `&[("max_connections", "20")]`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with(settings: &[(&str, &str)]) -> Result<Self, Unavailable> {
        Self::create(Plan::new(settings)?)
    }

    /// Starts a server that asks everybody but `postgres` for a password.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with_passwords() -> Result<Self, Unavailable> {
        Self::create(Plan { admission: Some(PASSWORDS), ..Plan::new(&[])? })
    }

    fn create(plan: Plan) -> Result<Self, Unavailable> {
        let folder = plan.fresh()?;
        Self::run(plan, folder, None)
    }

    /// Starts it on what lies in the folder.
    pub(super) fn run(plan: Plan, folder: TempDir, authority: Option<PathBuf>) -> Result<Self, Unavailable> {
        let program = Program { file: plan.programs.server(), ready: READY, account: plan.account };
        let daemon = Daemon::launch(program, folder, |port, folder| Ok(plan.arguments(port, folder)))?;
        let access = Access { psql: plan.programs.psql(), port: daemon.port(), authority };
        Ok(Self { plan, access, daemon })
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.daemon.port()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.daemon.address()
    }

    /// The database `postgres` for the superuser: `postgres://postgres@127.0.0.1:PORT/postgres?sslmode=disable`, and
    /// where it speaks TLS, `sslmode=verify-full` with the authority as `sslrootcert`.
    pub fn url(&self) -> String {
        self.url_as("postgres", "", "postgres")
    }

    /// Another user's URL, or of another database. An empty password is left out.
    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        url(self.address(), self.access.authority.as_deref(), [user, password, database])
    }

    /// Makes an empty database and returns its URL for the superuser.
    ///
    /// # Errors
    /// As [`psql`](Self::psql).
    pub fn new_database(&self) -> io::Result<String> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("fresh_{}", MADE.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &["-c", &format!("create database {name}")])?;
        Ok(self.url_as("postgres", "", &name))
    }

    /// Runs `psql` on a database, as the superuser, and returns what it prints, less the newline at the end: rows
    /// without frames, fields parted by `|`. The first statement that fails ends it.
    ///
    /// # Errors
    /// It can't be run or can't reach the server, a statement failed, it took longer than 30 s (`TimedOut`), or it
    /// printed something that isn't UTF-8 (`InvalidData`).
    pub fn psql(&self, database: &str, arguments: &[&str]) -> io::Result<String> {
        self.access.ask(database, arguments)
    }

    /// What it answers to SQL, as the superuser, once that hasn't changed for 0.8 s: figures of `pg_stat_…` come late.
    ///
    /// # Errors
    /// As [`psql`](Self::psql), also when it still changes after 30 s.
    pub fn figures(&self, database: &str, sql: &str) -> io::Result<String> {
        self.access.ask_at_rest(database, sql)
    }

    /// Ends all its processes without asking (SIGKILL), and waits until they are gone. Nothing happens to one that has
    /// ended.
    pub fn kill(&self) {
        self.daemon.process().kill();
    }

    /// Asks it to end (SIGINT: clients are cut off, what was committed is kept), and waits until it is gone. One that
    /// doesn't end in 10 s is killed.
    pub fn stop(&self) {
        self.daemon.process().stop_by(Signal::Interrupt);
    }

    /// Starts one that has ended once more: same port, same data, same settings.
    ///
    /// # Errors
    /// It still runs, or it isn't ready within a minute.
    pub fn start_again(&self) -> Result<(), Unavailable> {
        self.daemon.start_again()
    }

    /// Holds all its processes (SIGSTOP): it keeps its connections, the system accepts new ones, and nothing is
    /// answered.
    pub fn freeze(&self) {
        self.daemon.process().pause();
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.daemon.process().resume();
    }

    pub(super) const fn access(&self) -> &Access {
        &self.access
    }
}

impl Plan {
    pub(super) fn new(settings: &[(&str, &str)]) -> Result<Self, Unavailable> {
        let (programs, account) = (programs::find()?, Account::unprivileged()?);
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Self { programs, account, settings: settings.collect(), admission: None })
    }

    /// A folder with fresh data.
    pub(super) fn fresh(&self) -> Result<TempDir, Unavailable> {
        let folder = daemon::folder(self.account)?;
        template::fill(&self.programs, self.account, folder.path())?;
        if let Some(admission) = self.admission {
            fs::write(folder.path().join("data/pg_hba.conf"), admission)
                .or_unavailable("writing who is let in")?;
        }
        Ok(folder)
    }

    fn arguments(&self, port: u16, folder: &Path) -> Vec<String> {
        let data = folder.join("data").display().to_string();
        let base = SETTINGS.iter().map(|(name, value)| format!("{name}={value}"));
        let own = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        let settings = base.chain(own).flat_map(|setting| ["-c".to_owned(), setting]);
        ["-D".to_owned(), data, "-p".to_owned(), port.to_string()].into_iter().chain(settings).collect()
    }
}
