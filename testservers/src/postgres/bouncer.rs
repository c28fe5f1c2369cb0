//! PgBouncer.

use std::fs;
use std::io;
use std::net::SocketAddr;

use super::daemon::{self, Daemon, Program};
use super::programs::find_pgbouncer;
use super::psql::Access;
use super::server::Postgres;
use super::url::url;
use crate::unavailable::Unavailable;

/// A private PgBouncer on a free port of 127.0.0.1, which ends when this is dropped.
///
/// It lends a connection for a transaction: two statements of one client may run on two. Whom the server lets in, it
/// lets in. What isn't named here is as PgBouncer has it by default.
#[derive(Debug)]
pub struct PgBouncer {
    access: Access,
    daemon: Daemon,
}

impl PgBouncer {
    /// Starts one before the server, with at most so many connections to it for a user of a database.
    ///
    /// # Errors
    /// There is no program (see [`find_pgbouncer`]), or as [`Postgres::start`]. A server that speaks TLS alone isn't
    /// reached.
    pub fn before(server: &Postgres, pool_size: usize) -> Result<Self, Unavailable> {
        let account = server.plan.account;
        let program = Program { file: find_pgbouncer()?, ready: "process up", account };
        let daemon = Daemon::launch(program, daemon::folder(account)?, |port, folder| {
            let file = folder.join("pgbouncer.ini");
            fs::write(&file, settings(port, server.port(), pool_size))?;
            account.give(&file)?;
            fs::write(folder.join("users.txt"), "\"postgres\" \"\"\n")?;
            account.give(&folder.join("users.txt"))?;
            Ok(vec![file.display().to_string()])
        })?;
        let access = Access { port: daemon.port(), ..server.access().clone() };
        Ok(Self { access, daemon })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.daemon.address()
    }

    /// The server's database `postgres` for the superuser, through it.
    pub fn url(&self) -> String {
        self.url_as("postgres", "", "postgres")
    }

    /// Another user's URL, or of another database. An empty password is left out.
    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        url(self.address(), None, [user, password, database])
    }

    /// [`Postgres::psql`] through it. On the database `pgbouncer` it answers itself: `show pools`.
    ///
    /// # Errors
    /// As [`Postgres::psql`].
    pub fn psql(&self, database: &str, arguments: &[&str]) -> io::Result<String> {
        self.access.ask(database, arguments)
    }

    /// Ends it without asking (SIGKILL), and waits until it is gone.
    pub fn kill(&self) {
        self.daemon.process().kill();
    }

    /// Starts one that has ended once more: same port, same settings.
    ///
    /// # Errors
    /// It still runs, or it isn't ready within a minute.
    pub fn start_again(&self) -> Result<(), Unavailable> {
        self.daemon.start_again()
    }

    /// Holds it (SIGSTOP): it keeps its connections, the system accepts new ones, and nothing is passed on.
    pub fn freeze(&self) {
        self.daemon.process().pause();
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.daemon.process().resume();
    }
}

/// Who isn't in the list of users is looked up in the server.
fn settings(port: u16, server: u16, pool_size: usize) -> String {
    format!(
        "[databases]\n* = host=127.0.0.1 port={server}\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = trust\nauth_file = users.txt\nauth_user = postgres\n\
         auth_query = select rolname, coalesce(rolpassword, '') from pg_authid where rolname = $1\n\
         admin_users = postgres\npool_mode = transaction\ndefault_pool_size = {pool_size}\nmax_client_conn = 1000\n"
    )
}
