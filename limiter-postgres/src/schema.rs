//! Tables and functions: made, or found to be there.

mod migrate;
mod names;
mod refusal;
mod session;

use limiter_core::Result;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

use self::refusal::Refusals;
use self::session::Session;
use crate::options::{Migrate, Options};

/// A step that brings a schema from one version to the next.
///
/// A start with [`Migrate::Auto`] takes all that are missing, in one transaction. Who migrates by other means runs each
/// [`sql`](Self::sql) once, in order, each in a transaction; a start with [`Migrate::Check`] finds out whether that was done.
/// A migration that was released never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// From 1 on.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
    text: &'static str,
}

impl Migration {
    /// Its statements for a schema, to be run as the role that is to own the tables and as whom the functions are to run.
    pub fn sql(&self, schema: &str) -> String {
        self.text.replace("@schema@", &quoted(schema))
    }
}

/// What makes tables and functions, in order.
pub fn migrations() -> &'static [Migration] {
    const MIGRATIONS: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
    MIGRATIONS
}

/// The version that this program needs.
fn needed() -> u32 {
    migrations().last().map_or(0, |migration| migration.version)
}

/// Makes sure that the tables and functions are there and may be used, over a connection of its own, which it closes. A
/// schema newer than this program will do: what is there is only added to.
///
/// # Errors
/// `Config`: they aren't, and who has to do what.
pub(crate) async fn prepare(connection: PgConnection, options: &Options) -> Result<()> {
    let over = timeout(migrate::PATIENCE, Session::over(connection, options.schema())).await;
    let (mut session, refusals) =
        over.unwrap_or_else(|_| Err(Refusals::new(options.schema(), "", "").slow()))?;
    let prepared = match timeout(migrate::PATIENCE, prepare_in(&mut session, options, &refusals)).await {
        Ok(prepared) => prepared,
        Err(_) => Err(refusals.slow()),
    };
    session.close().await;
    prepared
}

async fn prepare_in(session: &mut Session, options: &Options, refusals: &Refusals) -> Result<()> {
    let there = session.version(refusals).await?;
    if there < needed() {
        match options.migrate() {
            Migrate::Auto => migrate::migrate(session, options.schema(), refusals).await?,
            Migrate::Check => return Err(refusals.not_to_be_made(there)),
        }
    }
    let found = session.inventory(refusals).await?;
    let lost = names::missing(&found, there > needed());
    if !lost.is_empty() {
        return Err(refusals.lost(&lost));
    }
    if names::denied(&found).is_empty() { Ok(()) } else { Err(refusals.no_rights()) }
}

/// An identifier as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
