//! What makes tables and functions.

use super::identifier::quoted;

/// A step that brings a schema from one version to the next.
///
/// A start with [`Migrate::Auto`](crate::Migrate::Auto) takes all that are missing, in one transaction. Who migrates by other means runs each
/// [`sql`](Self::sql) once, in order, each in a transaction; a start with [`Migrate::Check`](crate::Migrate::Check) finds out whether that was done.
/// A migration that was released never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// From 1 on.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
    pub(super) text: &'static str,
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
pub(super) fn needed() -> u32 {
    migrations().last().map_or(0, |migration| migration.version)
}
