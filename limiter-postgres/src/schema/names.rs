//! What the migrations make, by name.

use super::migrations;

/// What stands in a schema, by name.
#[derive(Debug)]
pub(super) struct Inventory {
    pub(super) tables: Vec<String>,
    pub(super) functions: Vec<String>,
    /// Whether every function may be called.
    pub(super) may_call: bool,
}

/// What should be there and isn't. Newer migrations may have other tables; functions stay.
pub(super) fn missing(found: &Inventory, newer: bool) -> Vec<&'static str> {
    let tables = made_by(&["create table @schema@."]).filter(|_| !newer);
    let functions = made_by(&["create function @schema@.", "create or replace function @schema@."]);
    let lost_tables = tables.filter(|name| !found.tables.iter().any(|there| there == name));
    let lost_functions = functions.filter(|name| !found.functions.iter().any(|there| there == name));
    lost_tables.chain(lost_functions).collect()
}

/// The names behind the words with which a line begins.
fn made_by<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'static str> + 'a {
    let lines = migrations().iter().flat_map(|migration| migration.text.lines());
    lines.filter_map(|line| {
        let rest = words.iter().find_map(|words| line.strip_prefix(words))?;
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
    })
}
