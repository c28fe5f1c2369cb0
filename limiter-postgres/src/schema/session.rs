//! A connection of its own, on which the schema is looked at and made. Everything is sent as text, so that it works behind a
//! PgBouncer as well.

use limiter_core::{Error, ErrorKind, Result};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Decode, Executor as _, Postgres, Row as _, Type};

use super::identifier::quoted;
use super::names::Inventory;
use super::refusal::Refusals;

/// A connection of its own.
pub(super) struct Session {
    connection: PgConnection,
    schema: String,
}

impl Session {
    /// Asks who it is and where, for what a person may have to be told.
    pub(super) async fn over(connection: PgConnection, schema: &str) -> Result<(Self, Refusals)> {
        let mut session = Self { connection, schema: schema.to_owned() };
        let row = session
            .row(
                "select current_user::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text"
                    .to_owned(),
            )
            .await;
        let row = row.map_err(|error| Refusals::new(schema, "", "").failed(&error))?;
        let (role, database): (String, String) = (column(&row, 0)?, column(&row, 1)?);
        Ok((session, Refusals::new(schema, &role, &database)))
    }

    /// Ends it, whatever state it is in.
    pub(super) async fn close(self) {
        // The server ends it in any case.
        let _ = self.connection.close().await;
    }

    /// The version that stands in the schema; 0 where there is none.
    pub(super) async fn version(&mut self, refusals: &Refusals) -> Result<u32> {
        let question = format!("select {}.version()", quoted(&self.schema));
        match self.row(question).await {
            Ok(row) => {
                let version = row.try_get::<i64, _>(0).ok().and_then(|version| u32::try_from(version).ok());
                version
                    .filter(|version| *version > 0)
                    .ok_or_else(|| refusals.not_ours("a version() of another kind"))
            }
            Err(error) if is(&error, &["3F000", "42883"]) => Ok(0),
            Err(error) if is(&error, &["42501"]) => Err(refusals.no_rights()),
            Err(error) => Err(refusals.failed(&error)),
        }
    }

    /// What stands in the schema.
    pub(super) async fn inventory(&mut self, refusals: &Refusals) -> Result<Inventory> {
        let question = format!(
            "select array(select c.relname::text from pg_catalog.pg_class c
                     where c.relnamespace = n.oid and c.relkind in ('r', 'p')),
               array(select p.proname::text from pg_catalog.pg_proc p where p.pronamespace = n.oid),
               array(select p.proname::text from pg_catalog.pg_proc p where p.pronamespace = n.oid
                 and (p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype
                   or pg_catalog.has_function_privilege(p.oid, 'execute')))
             from pg_catalog.pg_namespace n where n.nspname = '{}'",
            self.schema
        );
        let row = self.row(question).await.map_err(|error| refusals.failed(&error))?;
        Ok(Inventory { tables: column(&row, 0)?, functions: column(&row, 1)?, callable: column(&row, 2)? })
    }

    /// The one row that answers a question.
    pub(super) async fn row(&mut self, question: String) -> sqlx::Result<PgRow> {
        self.connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(question))).await
    }

    /// Runs statements.
    pub(super) async fn run(&mut self, statements: String) -> sqlx::Result<()> {
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await.map(drop)
    }
}

/// A column of an answer that is the server's own, or of a function that may be anybody's.
pub(super) fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    place: usize,
) -> Result<T> {
    row.try_get(place).map_err(|_| {
        Error::new(ErrorKind::Protocol, "the server answers a question about its schema in another form")
    })
}

/// Whether the server said one of these.
pub(super) fn is(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}
