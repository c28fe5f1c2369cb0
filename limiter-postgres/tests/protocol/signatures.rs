//! What the functions are given and what they answer, which programs of other languages and other releases count on.

use limiter_postgres::migrations;

use crate::database::Database;

const LISTED: &str = include_str!("../../sql/signatures.txt");
const THERE: &str =
    "select format('%s(%s) -> %s', proname, pg_get_function_arguments(oid), pg_get_function_result(oid))
    from pg_proc where pronamespace = 'limiter'::regnamespace order by proname collate \"C\"";

/// A function as the server describes it.
#[derive(Debug, PartialEq, Eq)]
struct Signature<'a> {
    name: &'a str,
    parameters: Vec<&'a str>,
    /// `TABLE`, or the type.
    kind: &'a str,
    columns: Vec<&'a str>,
}

impl<'a> Signature<'a> {
    fn of(line: &'a str) -> Self {
        let (call, result) = line.split_once(" -> ").unwrap();
        let (name, parameters) = call.split_once('(').unwrap();
        let (kind, columns) = result.split_once('(').unwrap_or((result, ""));
        let list =
            |text: &'a str| text.trim_end_matches(')').split(", ").filter(|part| !part.is_empty()).collect();
        Self { name, parameters: list(parameters), kind, columns: list(columns) }
    }

    /// Whether whoever calls the older one may call this one instead: it takes and answers the same, and perhaps more.
    fn is_added_to(&self, older: &Self) -> bool {
        let further = self.parameters.strip_prefix(older.parameters.as_slice());
        self.name == older.name
            && self.kind == older.kind
            && further.is_some_and(|further| further.iter().all(|parameter| parameter.contains(" DEFAULT ")))
            && self.columns.starts_with(&older.columns)
    }
}

fn signatures(text: &str) -> Vec<Signature<'_>> {
    text.lines().filter(|line| !line.starts_with('#')).map(Signature::of).collect()
}

/// What migrations up to this one make.
fn after(count: usize) -> String {
    let database = Database::empty();
    for migration in &migrations()[..count] {
        database.sql(&format!("begin; {}; commit", migration.sql("limiter")));
    }
    database.sql(THERE)
}

#[test]
fn signatures_are_those_listed_and_every_migration_only_adds_to_them() {
    let mut before = String::new();
    for count in 1..=migrations().len() {
        let now = after(count);
        let functions = signatures(&now);
        for older in signatures(&before) {
            assert!(functions.iter().any(|newer| newer.is_added_to(&older)), "{older:?} has changed");
        }
        assert!(
            functions.is_sorted_by(|one, next| one.name < next.name),
            "two functions have one name:\n{now}"
        );
        before = now;
    }
    let listed: Vec<_> = LISTED.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        listed.join("\n"),
        before,
        "limiter-postgres/sql/signatures.txt lists what there is:\n{before}\n"
    );
}

#[test]
fn a_signature_may_have_more_at_its_ends_and_nothing_else() {
    let older = Signature::of("f(a bigint, b text DEFAULT NULL::text) -> TABLE(x bigint)");
    for fine in [
        "f(a bigint, b text DEFAULT NULL::text) -> TABLE(x bigint)",
        "f(a bigint, b text DEFAULT NULL::text, c bigint DEFAULT 1) -> TABLE(x bigint, y bigint)",
    ] {
        assert!(Signature::of(fine).is_added_to(&older), "{fine}");
    }
    for wrong in [
        "g(a bigint, b text DEFAULT NULL::text) -> TABLE(x bigint)",
        "f(a bigint, b text) -> TABLE(x bigint)",
        "f(a bigint) -> TABLE(x bigint)",
        "f(b text DEFAULT NULL::text, a bigint) -> TABLE(x bigint)",
        "f(a bigint, b text DEFAULT NULL::text, c bigint) -> TABLE(x bigint)",
        "f(a bigint, b text DEFAULT NULL::text) -> TABLE(y bigint)",
        "f(a bigint, b text DEFAULT NULL::text) -> TABLE(y bigint, x bigint)",
        "f(a bigint, b text DEFAULT NULL::text) -> bigint",
    ] {
        assert!(!Signature::of(wrong).is_added_to(&older), "{wrong}");
    }
}
