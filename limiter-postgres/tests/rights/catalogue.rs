//! What the server's catalogue says of every function and table, so that a new one can't be forgotten.

use crate::database::Database;

const FUNCTIONS: &str = "pg_proc where pronamespace = 'limiter'::regnamespace";
const TABLES: &str = "pg_class where relnamespace = 'limiter'::regnamespace and relkind in ('r', 'p')";

/// None of them is so.
#[track_caller]
fn none(database: &Database, what: &str, from: &str, condition: &str) {
    assert_ne!(database.sql(&format!("select count(*) from {from}")), "0");
    assert_eq!(database.sql(&format!("select {what} from {from} and ({condition})")), "", "{condition}");
}

#[tokio::test]
async fn every_function_runs_as_its_owner_on_a_path_that_nobody_else_chooses() {
    let database = Database::new().await;
    let names = "oid::regprocedure";
    none(&database, names, FUNCTIONS, "not prosecdef");
    let path = "proconfig is null or not 'search_path=pg_catalog, pg_temp' = any (proconfig)";
    none(&database, names, FUNCTIONS, path);
    let paths = "(select count(*) from unnest(proconfig) s where s like 'search_path=%') <> 1";
    none(&database, names, FUNCTIONS, paths);
    none(&database, names, FUNCTIONS, &format!("proowner <> '{}'::regrole", database.owner));
    // Text that is put together and run could be put together otherwise.
    none(&database, names, FUNCTIONS, r"prosrc ~* '\mexecute\M'");
}

#[tokio::test]
async fn every_function_names_the_schema_of_every_table() {
    let database = Database::new().await;
    let tables = format!(
        r"exists (select from (select relname::text from {TABLES}) t (name)
            where prosrc ~* ('\m(from|join|insert\s+into|update|table)\s+(only\s+)?' || t.name || '\M'))"
    );
    none(&database, "oid::regprocedure", FUNCTIONS, &tables);
}

#[tokio::test]
async fn nobody_has_a_right_that_was_not_granted() {
    let database = Database::new().await;
    let stranger = format!("{}_stranger", database.owner);
    database.sql(&format!("create role {stranger} login"));
    none(
        &database,
        "oid::regprocedure",
        FUNCTIONS,
        &format!("has_function_privilege('{stranger}', oid, 'execute')"),
    );
    let verbs = "select, insert, update, delete, truncate, references, trigger";
    for role in [&stranger, &database.app] {
        none(&database, "relname", TABLES, &format!("has_table_privilege('{role}', oid, '{verbs}')"));
        none(
            &database,
            "relname",
            TABLES,
            &format!("has_any_column_privilege('{role}', oid, 'select, insert, update')"),
        );
    }
    let schema = |role: &str, right: &str| {
        database.sql(&format!("select has_schema_privilege('{role}', 'limiter', '{right}')"))
    };
    assert_eq!([schema(&stranger, "usage"), schema(&stranger, "create")], ["f", "f"]);
    assert_eq!([schema(&database.app, "usage"), schema(&database.app, "create")], ["t", "f"]);
}

#[tokio::test]
async fn every_table_has_row_level_security_and_no_policy() {
    let database = Database::new().await;
    none(&database, "relname", TABLES, "not relrowsecurity");
    none(&database, "relname", TABLES, &format!("relowner <> '{}'::regrole", database.owner));
    assert_eq!(database.sql("select count(*) from pg_policies where schemaname = 'limiter'"), "0");
}
