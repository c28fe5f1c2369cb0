//! What the migrations make, by name.

use super::migration::migrations;

/// What stands in a schema, by name.
#[derive(Debug)]
pub(super) struct Inventory {
    pub(super) tables: Vec<String>,
    pub(super) functions: Vec<String>,
    /// Functions that this role may call, or needn't.
    pub(super) callable: Vec<String>,
}

/// What should be there and isn't. Newer migrations may have other tables; functions stay.
pub(super) fn missing(found: &Inventory, newer: bool) -> Vec<&'static str> {
    let tables = made_by(&TABLES).filter(|name| !newer && !holds(&found.tables, name));
    tables.chain(functions().filter(|name| !holds(&found.functions, name))).collect()
}

/// What can't be called. What newer migrations have added needn't be.
pub(super) fn denied(found: &Inventory) -> Vec<&'static str> {
    functions().filter(|name| !holds(&found.callable, name)).collect()
}

const TABLES: [&str; 1] = ["create table @schema@."];
const FUNCTIONS: [&str; 2] = ["create function @schema@.", "create or replace function @schema@."];

fn functions() -> impl Iterator<Item = &'static str> {
    made_by(&FUNCTIONS)
}

/// The names behind the words with which a line begins.
fn made_by(words: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    let lines = migrations().iter().flat_map(|migration| migration.text.lines());
    lines.filter_map(|line| {
        let rest = words.iter().find_map(|words| line.strip_prefix(words))?;
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
    })
}

fn holds(names: &[String], name: &str) -> bool {
    names.iter().any(|there| there == name)
}
