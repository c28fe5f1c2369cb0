//! Tables and functions: made, or found to be there.

mod identifier;
mod migrate;
mod migration;
mod names;
mod refusal;
mod session;

use limiter_core::Result;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

use self::migration::needed;
pub use self::migration::{Migration, migrations};
use self::refusal::Refusals;
use self::session::Session;
use crate::options::{Migrate, Options};

/// Makes sure that the tables and functions are there and may be used, over a connection of its own, which it closes. A
/// schema newer than this program will do: what is there is only added to.
///
/// # Errors
/// `Config`: they aren't, and who has to do what. `Unavailable`, `Timeout` or `Capacity`: the server can't tell or make them
/// just now.
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
