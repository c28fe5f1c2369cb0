//! Tables and functions: made, or found to be there.

use limiter_core::{Error, ErrorKind, Result};
use sqlx::AssertSqlSafe;

use crate::connection::Connection;

/// A step that brings a schema from one version to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// From 1 on.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
    text: &'static str,
}

impl Migration {
    /// Its SQL for a schema.
    pub fn sql(&self, schema: &str) -> String {
        self.text.replace("@schema@", &format!("\"{schema}\""))
    }
}

/// What makes tables and functions, in order.
pub fn migrations() -> &'static [Migration] {
    const MIGRATIONS: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
    MIGRATIONS
}

/// Makes what is missing.
pub(crate) async fn migrate(connection: &Connection, schema: &str) -> Result<()> {
    let failed =
        |error: sqlx::Error| Error::new(ErrorKind::Config, error.to_string()).with_operation("migrate");
    let mut apart = connection.apart().await?;
    let mut transaction = sqlx::Connection::begin(&mut apart).await.map_err(failed)?;
    let lock = sqlx::query("select pg_advisory_xact_lock(4711)");
    lock.execute(&mut *transaction).await.map_err(failed)?;
    let there = sqlx::query("select 1 from pg_namespace where nspname = $1").bind(schema);
    if there.fetch_optional(&mut *transaction).await.map_err(failed)?.is_none() {
        let mut text = format!("create schema \"{schema}\";");
        text.extend(migrations().iter().map(|migration| migration.sql(schema)));
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}
