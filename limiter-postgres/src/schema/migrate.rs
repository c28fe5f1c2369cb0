//! Makes what is missing: all of it in one transaction, or nothing.

use std::time::Duration;

use limiter_core::Result;

use super::identifier::quoted;
use super::migration::migrations;
use super::refusal::Refusals;
use super::session::{Session, column};

/// How long looking and migrating may take together.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait for others who migrate, and for locks on tables.
const LOCK_PATIENCE_MS: u32 = 8000;

/// Brings the schema to this program's version. However many begin at once, one does it and the others wait for it.
pub(super) async fn migrate(session: &mut Session, schema: &str, refusals: &Refusals) -> Result<()> {
    let failed = |error: sqlx::Error| refusals.failed(&error);
    session.run(beginning(schema)).await.map_err(failed)?;
    // Somebody may have been faster.
    let there = if exists(session, schema, refusals).await? { session.version(refusals).await? } else { 0 };
    if there == 0 {
        check_is_ours_to_make(session, schema, refusals).await?;
    }
    for migration in migrations().iter().filter(|migration| migration.version > there) {
        session.run(migration.sql(schema)).await.map_err(failed)?;
    }
    session.run("commit".to_owned()).await.map_err(failed)
}

/// The lock goes with the transaction, however that ends. What names no schema means the server's own.
fn beginning(schema: &str) -> String {
    format!(
        "begin isolation level read committed read write;
         set local search_path = pg_catalog, pg_temp;
         set local lock_timeout = {LOCK_PATIENCE_MS};
         set local statement_timeout = {};
         select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('limiter schema {schema}', 0))",
        PATIENCE.as_millis()
    )
}

async fn exists(session: &mut Session, schema: &str, refusals: &Refusals) -> Result<bool> {
    let question = format!(
        "select exists (select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
           where n.nspname = '{schema}' and p.proname = 'version' and p.pronargs = 0)"
    );
    column(&session.row(question).await.map_err(|error| refusals.failed(&error))?, 0)
}

/// A schema that is there already must be empty, and its owner nobody who could make the functions' owner do what that one
/// may and they may not.
async fn check_is_ours_to_make(session: &mut Session, schema: &str, refusals: &Refusals) -> Result<()> {
    let question = format!(
        "select (select min(pg_catalog.pg_get_userbyid(n.nspowner)::text) from pg_catalog.pg_namespace n
             where n.nspname = '{schema}' and not pg_catalog.pg_has_role(n.nspowner, current_user, 'member')),
           (select min(o.name) from (
             select c.relname::text from pg_catalog.pg_class c
               where c.relnamespace = pg_catalog.to_regnamespace('{0}')::oid
             union all select p.proname::text from pg_catalog.pg_proc p
               where p.pronamespace = pg_catalog.to_regnamespace('{0}')::oid
             union all select t.typname::text from pg_catalog.pg_type t
               where t.typnamespace = pg_catalog.to_regnamespace('{0}')::oid) o (name))",
        quoted(schema)
    );
    let row = session.row(question).await.map_err(|error| refusals.failed(&error))?;
    if let Some(owner) = column::<Option<String>>(&row, 0)? {
        return Err(refusals.owned_by(&owner));
    }
    column::<Option<String>>(&row, 1)?.map_or(Ok(()), |something| Err(refusals.not_ours(&something)))
}
