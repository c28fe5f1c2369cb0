//! Databases of a server that all tests of this program share.

use std::sync::LazyLock;

use limiter_core::{ErrorKind, Key, RateLimiterExt, Result, limit};
use limiter_postgres::{Config, Migrate, Options, PostgresBackend};
use testservers::postgres::Postgres;

pub(crate) static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

/// An empty database.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        let url = SERVER.new_database().unwrap();
        let name = url.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap();
        Self { name: name.to_owned() }
    }

    pub(crate) fn url(&self) -> String {
        self.url_as("postgres")
    }

    pub(crate) fn url_as(&self, role: &str) -> String {
        SERVER.url_as(role, "", &self.name)
    }

    pub(crate) fn sql(&self, statements: &str) -> String {
        SERVER.psql(&self.name, &["-c", statements]).unwrap()
    }

    /// A role of this database's own, which may come in and nothing else.
    pub(crate) fn role(&self, what: &str) -> String {
        let role = format!("{}_{what}", self.name);
        self.sql(&format!("create role {role} login"));
        role
    }

    /// Lets a role call the functions of the schema `limiter`.
    pub(crate) fn grant(&self, role: &str) {
        self.sql(&format!(
            "grant usage on schema limiter to {role}; grant execute on all functions in schema limiter to {role}"
        ));
    }

    /// How many schemas there are of that name, and the version of the limiter's.
    pub(crate) fn schemas(&self, name: &str) -> String {
        self.sql(&format!("select count(*) from pg_namespace where nspname = '{name}'"))
    }
}

pub(crate) async fn start(url: &str) -> Result<PostgresBackend> {
    PostgresBackend::connect(Config::new(url)?).await
}

pub(crate) async fn start_checking(url: &str) -> Result<PostgresBackend> {
    start_with(url, Options::default().with_migrate(Migrate::Check)).await
}

pub(crate) async fn start_with(url: &str, options: Options) -> Result<PostgresBackend> {
    PostgresBackend::connect(Config::new(url)?.with_options(options)).await
}

/// Hits a limit of one; tells whether it was allowed.
pub(crate) async fn first(backend: &PostgresBackend) -> bool {
    let key = Key::new("migrations", "u1").unwrap();
    backend.hit_one(&key, &limit!("1/day")).await.unwrap().is_allowed()
}

/// The text of a start that must fail for want of something that a person has to change.
pub(crate) fn refused(started: Result<PostgresBackend>) -> String {
    let error = started.map(|backend| format!("{backend:?}")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    error.to_string()
}
