//! A store on a server that tests share, and a connection beside it that holds rows.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use limiter_core::{Clock, ManualClock};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use testservers::postgres::Postgres;

use crate::config::Config;
use crate::connection::Connection;
use crate::key::Names;
use crate::options::Options;
use crate::schema;
use crate::store::Store;
use crate::turns::Turns;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

/// A store on a schema of its own, whose calls end within a time.
pub(super) async fn store(name: &str, patience: Duration, clock: Option<ManualClock>) -> Store {
    let options = Options::default().with_schema(name).unwrap().with_response_timeout(patience).unwrap();
    let config = Config::new(&SERVER.url()).unwrap().with_options(options.clone());
    let connection = Connection::connect(&config).await.unwrap();
    schema::prepare(connection.apart().await.unwrap(), &options).await.unwrap();
    Store {
        connection,
        names: Names::new(""),
        clock: clock.map(|clock| Arc::new(clock) as Arc<dyn Clock>),
        turns: Turns::new(10),
        response_timeout: patience,
    }
}

/// Somebody else on the same server.
pub(super) struct Stranger(PgConnection);

impl Stranger {
    pub(super) async fn come() -> Self {
        Self(PgConnection::connect(&SERVER.url()).await.unwrap())
    }

    /// Runs statements as they are.
    pub(super) async fn run(&mut self, text: String) -> Vec<PgRow> {
        self.0.fetch_all(sqlx::raw_sql(AssertSqlSafe(text))).await.unwrap()
    }

    /// The code with which the server refuses a statement.
    pub(super) async fn refused(&mut self, text: String) -> String {
        let error = self.0.fetch_all(sqlx::raw_sql(AssertSqlSafe(text))).await.unwrap_err();
        error.as_database_error().unwrap().code().unwrap().into_owned()
    }

    /// Holds rows of counters until [`Stranger::let_go`].
    pub(super) async fn hold(&mut self, schema: &str, counters: &[Vec<u8>]) {
        let names: Vec<_> = counters.iter().map(|counter| literal(counter)).collect();
        let list = if names.is_empty() { "null".to_owned() } else { names.join(", ") };
        let text = format!("begin; select 1 from {schema}.rate where key in ({list}) for update");
        self.run(text).await;
    }

    pub(super) async fn let_go(&mut self) {
        self.run("rollback".to_owned()).await;
    }
}

/// Bytes as they stand in a statement.
pub(super) fn literal(bytes: &[u8]) -> String {
    let mut text = "'\\x".to_owned();
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text + "'"
}
