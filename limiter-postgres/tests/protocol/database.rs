//! A database with the limiter's schema, and `psql` on it.

use std::fmt::Write as _;
use std::sync::LazyLock;

use limiter_postgres::{Config, Options, PostgresBackend};
use testservers::postgres::Postgres;

/// Nothing here outlives it.
static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::with(&[("fsync", "off")]).unwrap());

/// A fresh database.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    url: String,
}

impl Database {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        let url = SERVER.new_database().unwrap();
        let name = url.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap().to_owned();
        Self { name, url }
    }

    /// With the limiter's schema, which a client makes that starts there.
    pub(crate) async fn new() -> (Self, PostgresBackend) {
        let database = Self::empty();
        let backend = database.client("").await;
        (database, backend)
    }

    /// A client of the crate.
    pub(crate) async fn client(&self, prefix: &str) -> PostgresBackend {
        let options = Options::default().with_prefix(prefix).unwrap().with_pool_size(2).unwrap();
        PostgresBackend::connect(Config::new(&self.url).unwrap().with_options(options)).await.unwrap()
    }

    /// Where it is, for those who come in as its owner.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A client of the crate that comes in as a role.
    pub(crate) async fn client_as(&self, role: &str) -> PostgresBackend {
        let url = SERVER.url_as(role, "", &self.name);
        PostgresBackend::connect(Config::new(&url).unwrap()).await.unwrap()
    }

    /// What `psql` prints: a line a row, columns parted by `|`.
    #[track_caller]
    pub(crate) fn sql(&self, statement: &str) -> String {
        SERVER.psql(&self.name, &["-c", statement]).unwrap()
    }

    /// What a person sees in `psql`: tables with heads, or the error.
    pub(crate) fn shown(&self, statements: &str) -> String {
        let layout = ["--pset=format=aligned", "--pset=tuples_only=off", "--pset=footer=off"];
        let arguments = [&layout[..], &["-c", statements]].concat();
        SERVER.psql(&self.name, &arguments).unwrap_or_else(|error| error.to_string())
    }

    /// Runs a script in one session. What each of its statements prints.
    pub(crate) fn script(&self, statements: &[String]) -> Vec<String> {
        let mut script = String::new();
        for statement in statements {
            writeln!(script, "{statement};\n\\echo @").unwrap();
        }
        let path = format!("{}/{}.sql", env!("CARGO_TARGET_TMPDIR"), self.name);
        std::fs::write(&path, script).unwrap();
        let printed = SERVER.psql(&self.name, &["-f", &path]).unwrap();
        let mut parts: Vec<_> =
            format!("{printed}\n").split("@\n").map(|part| part.trim_end().to_owned()).collect();
        assert_eq!(parts.pop().as_deref(), Some(""), "what comes after the last statement");
        parts
    }
}

/// A text as SQL has it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `limiter.key(…)`. A NUL, which no text in PostgreSQL holds, is put in as bytes: the subject stands last in a key.
pub(crate) fn key(space: &str, subject: &str, prefix: &str) -> String {
    if subject.contains('\0') {
        let mut name = format!("limiter.key('{space}', '', prefix => '{prefix}') || '\\x");
        for byte in subject.bytes() {
            write!(name, "{byte:02x}").unwrap();
        }
        return name + "'";
    }
    format!("limiter.key('{space}', {}, prefix => '{prefix}')", quoted(subject))
}
