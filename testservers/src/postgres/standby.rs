//! A server that follows another.

use std::process::Command;
use std::time::Duration;

use super::daemon;
use super::psql::run;
use super::server::Postgres;
use crate::unavailable::{OrUnavailable, Unavailable};

const LIMIT: Duration = Duration::from_secs(120);

impl Postgres {
    /// Starts a hot standby that follows this server: it answers what reads, and takes over when told to
    /// (`select pg_promote()`).
    ///
    /// # Errors
    /// This server can't be copied, or as [`start`](Self::start).
    pub fn standby(&self) -> Result<Self, Unavailable> {
        let folder = daemon::folder(self.plan.account)?;
        let mut copy = Command::new(self.plan.programs.basebackup());
        self.access().introduce(&mut copy);
        copy.args(["-D", "data", "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
        if self.access().authority.is_some() {
            // Its user doesn't get at the authority.
            copy.env("PGSSLMODE", "require").env_remove("PGSSLROOTCERT");
        }
        self.plan.account.run(&mut copy);
        run(&mut copy, folder.path(), LIMIT)
            .or_unavailable(format!("copying the server on {}", self.address()))?;
        Self::run(self.plan.clone(), folder, self.access().authority.clone())
    }
}
