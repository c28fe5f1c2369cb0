//! Somebody else who migrates for long.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::database::{Database, SERVER};

const MIGRATING: &str = "begin; select pg_advisory_xact_lock(hashtextextended('limiter schema limiter', 0)); \
                         select pg_sleep(60)";
const SLEEPER: &str = "datname = current_database() and wait_event = 'PgSleep'";

/// Somebody else who migrates until this ends.
#[derive(Debug)]
pub(crate) struct Busy<'a> {
    database: &'a Database,
    client: JoinHandle<io::Result<String>>,
}

impl<'a> Busy<'a> {
    pub(crate) async fn begin(database: &'a Database) -> Self {
        let name = database.name.clone();
        let client = thread::spawn(move || SERVER.psql(&name, &["-c", MIGRATING]));
        while database.sql(&format!("select count(*) from pg_stat_activity where {SLEEPER}")) == "0" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { database, client }
    }

    pub(crate) fn end(self) {
        self.database.sql(&format!("select pg_terminate_backend(pid) from pg_stat_activity where {SLEEPER}"));
        assert!(self.client.join().unwrap().is_err());
    }
}

/// Waits until nobody has or wants an advisory lock in a database.
pub(crate) async fn nobody_migrates(database: &Database) {
    let locks = "select count(*) from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and d.datname = current_database()";
    while database.sql(locks) != "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
