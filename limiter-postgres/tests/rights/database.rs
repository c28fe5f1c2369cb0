//! A database with the limiter's schema, which an owner made, and an application's role.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use limiter_core::{Clock, Result};
use limiter_postgres::{Config, Migrate, Options, PostgresBackend};
use testservers::postgres::Postgres;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

/// A database with the limiter's schema, which an owner made, and an application's role.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    pub(crate) owner: String,
    pub(crate) app: String,
}

impl Database {
    /// Made as docs/postgres-protocol.md tells it.
    pub(crate) async fn new() -> Self {
        let url = SERVER.new_database().unwrap();
        let name = url.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap().to_owned();
        let [owner, app] = ["owner", "app"].map(|what| format!("{name}_{what}"));
        let database = Self { name, owner, app };
        let Self { name, owner, app } = &database;
        database.sql(&format!(
            "create role {owner} login; create role {app} login; grant create on database {name} to {owner}"
        ));
        drop(PostgresBackend::connect(Config::new(&database.url_as(owner)).unwrap()).await.unwrap());
        database.sql(&format!(
            "grant usage on schema limiter to {app}; grant execute on all functions in schema limiter to {app}"
        ));
        database
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url_as(&self, role: &str) -> String {
        SERVER.url_as(role, "", &self.name)
    }

    /// As the superuser.
    pub(crate) fn sql(&self, statements: &str) -> String {
        SERVER.psql(&self.name, &["-c", statements]).unwrap()
    }

    /// As a role; what the server says.
    pub(crate) fn sql_as(&self, role: &str, statement: &str) -> String {
        let answer = SERVER.psql(&self.name, &["-c", &format!("set role {role}"), "-c", statement]);
        answer.unwrap_or_else(|error| error.to_string())
    }

    /// The application's client, which may make nothing.
    pub(crate) async fn client(
        &self,
        prefix: &str,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<PostgresBackend> {
        let options =
            Options::default().with_migrate(Migrate::Check).with_prefix(prefix)?.with_pool_size(2)?;
        let options = options.with_response_timeout(Duration::from_secs(20))?;
        let options = options.with_sweep_every(Some(Duration::from_millis(100)))?;
        let config = Config::new(&self.url_as(&self.app))?.with_options(options);
        match clock {
            Some(clock) => PostgresBackend::with_clock(config, clock).await,
            None => PostgresBackend::connect(config).await,
        }
    }

    /// The names of the tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        let tables = self.sql(
            "select relname from pg_class where relnamespace = 'limiter'::regnamespace and relkind in ('r', 'p') order by 1",
        );
        tables.lines().map(str::to_owned).collect()
    }
}
