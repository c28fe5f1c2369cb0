//! Tables refuse everybody.

use limiter_core::{Key, RateLimiterExt, limit};

use crate::database::Database;

/// What somebody could try on a table.
fn attempts(table: &str) -> [String; 9] {
    [
        format!("select count(*) from limiter.{table}"),
        format!("select key from limiter.{table} for update"),
        format!("insert into limiter.{table} (key) values ('x')"),
        format!("update limiter.{table} set key = 'x'"),
        format!("delete from limiter.{table}"),
        format!("truncate limiter.{table}"),
        format!("begin; lock table limiter.{table}"),
        format!("alter table limiter.{table} disable row level security"),
        format!(
            "create trigger t before insert on limiter.{table} execute function suppress_redundant_updates_trigger()"
        ),
    ]
}

#[tokio::test]
async fn who_may_call_functions_reaches_no_table() {
    let database = Database::new().await;
    let tables = database.tables();
    assert!(tables.len() >= 7, "{tables:?}");
    for attempt in tables.iter().flat_map(|table| attempts(table)) {
        let said = database.sql_as(&database.app, &attempt);
        assert!(said.contains("permission denied") || said.contains("must be owner"), "{attempt}: {said}");
    }
    for attempt in [
        "create table limiter.mine (key bytea)",
        "create function limiter.mine() returns int language sql as 'select 1'",
        "create or replace function limiter.version() returns bigint language sql as 'select 9::bigint'",
        "drop function limiter.version()",
        "alter schema limiter rename to mine",
        "drop schema limiter cascade",
    ] {
        let said = database.sql_as(&database.app, attempt);
        assert!(said.contains("permission denied") || said.contains("must be owner"), "{attempt}: {said}");
    }
}

/// Rows stay hidden from those who were granted a table by mistake, `grant select on all tables` say.
#[tokio::test]
async fn who_was_granted_a_table_sees_and_changes_no_row() {
    let database = Database::new().await;
    let backend = database.client("", None).await.unwrap();
    let key = Key::new("rights", "u1").unwrap();
    assert!(backend.hit_one(&key, &limit!("log 5/day")).await.unwrap().is_allowed());
    let app = &database.app;
    database.sql(&format!("grant select, insert, update, delete on all tables in schema limiter to {app}"));
    for table in database.tables() {
        assert_eq!(database.sql_as(app, &format!("select count(*) from limiter.{table}")), "0", "{table}");
        let changed = database.sql_as(
            app,
            &format!("with gone as (delete from limiter.{table} returning 1) select count(*) from gone"),
        );
        assert_eq!(changed, "0", "{table}");
    }
    let inserted = database.sql_as(app, "insert into limiter.rate (key) values ('x')");
    assert!(inserted.contains("row-level security"), "{inserted}");
    assert_eq!(database.sql("select count(*) from limiter.rate"), "1");
    assert_eq!(database.sql("select count(*) from limiter.rate_log"), "1");
}

#[tokio::test]
async fn a_stranger_may_not_even_call() {
    let database = Database::new().await;
    let stranger = format!("{}_stranger", database.owner);
    database.sql(&format!("create role {stranger} login"));
    let said = database.sql_as(&stranger, "select limiter.version()");
    assert!(said.contains("permission denied for schema limiter"), "{said}");
    database.sql(&format!("grant usage on schema limiter to {stranger}"));
    let said = database.sql_as(&stranger, "select limiter.version()");
    assert!(said.contains("permission denied for function version"), "{said}");
}
