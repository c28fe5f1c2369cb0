//! The README's table of variables says what the code says, in both directions.
#![cfg(feature = "memory")]

use limiter_factory::{Factory, Variable};

const README: &str = include_str!("../../README.md");

/// A line of the table, without its last cell, which is for people alone.
type Row = [String; 4];

/// The rows of the table below `## Variables`.
fn told() -> Vec<Row> {
    let section = README.split("\n## Variables\n").nth(1).unwrap_or_default();
    let table = section.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    table.take_while(|line| line.starts_with('|')).map(row).collect()
}

fn row(line: &str) -> Row {
    let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', ""));
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

fn known() -> Vec<Row> {
    let row = |variable: &Variable| {
        let backend = variable.backend().unwrap_or("all");
        [variable.name(), backend, variable.accepted(), variable.default()].map(str::to_owned)
    };
    Factory::new().variables().iter().map(row).collect()
}

/// Each row once, and each in its place.
#[cfg(all(feature = "redis", feature = "postgres"))]
#[test]
fn the_table_of_variables_is_that_of_the_code() {
    let (told, known) = (told(), known());
    for row in &known {
        assert!(told.contains(row), "the README doesn't say: {row:?}");
    }
    for row in &told {
        assert!(known.contains(row), "the code doesn't know: {row:?}");
    }
    assert_eq!(told, known, "in the same order");
    assert!(told.len() >= 30, "{}", told.len());
}

/// A build without some backends knows fewer; the README names all.
#[cfg(not(all(feature = "redis", feature = "postgres")))]
#[test]
fn the_table_has_every_variable_of_this_build() {
    let told = told();
    for [name, backend, ..] in known() {
        let has = |row: &Row| row.first() == Some(&name) && row.get(1) == Some(&backend);
        assert!(told.iter().any(has), "the README doesn't name {name} of {backend}");
    }
}

/// What a row can't be read from would be compared with nothing.
#[test]
fn each_row_has_all_its_cells() {
    for row in told() {
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}
