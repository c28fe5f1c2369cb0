//! Schemas of other versions than this program's.

use limiter_postgres::migrations;

use crate::database::{Database, first, refused, start, start_checking};

fn set_version(database: &Database, version: i64) {
    database.sql(&format!(
        "create or replace function limiter.version() returns bigint language sql immutable security definer
         set search_path = pg_catalog, pg_temp as $$ select {version}::bigint $$"
    ));
}

fn needed() -> u32 {
    migrations().last().unwrap().version
}

#[tokio::test]
async fn a_program_starts_beside_a_newer_one() {
    let database = Database::new();
    drop(start(&database.url()).await.unwrap());
    set_version(&database, i64::from(needed()) + 1);
    // It has replaced a table, and added a function that nobody has granted yet.
    let app = database.role("app");
    database.grant(&app);
    database.sql(
        "alter table limiter.settled rename to settled_2;
         create function limiter.newer() returns bigint language sql security definer as 'select 1::bigint';
         revoke all on function limiter.newer() from public",
    );
    assert!(first(&start(&database.url()).await.unwrap()).await);
    for url in [database.url(), database.url_as(&app)] {
        assert!(!first(&start(&url).await.unwrap()).await);
        assert!(!first(&start_checking(&url).await.unwrap()).await);
    }
}

#[tokio::test]
async fn a_schema_that_is_older_is_told_of_when_it_is_only_checked() {
    let database = Database::new();
    let text = refused(start_checking(&database.url()).await);
    assert!(
        text.contains(&format!(
            "the database \"{}\" has no schema \"limiter\" of the limiter",
            database.name
        )),
        "{text}"
    );
    assert!(text.contains("migrate is `check`") && text.contains("limiter_postgres::migrations()"), "{text}");
    assert_eq!(database.schemas("limiter"), "0");
    drop(start(&database.url()).await.unwrap());
    drop(start_checking(&database.url()).await.unwrap());
    set_version(&database, i64::from(needed()) - 1);
    let text = refused(start_checking(&database.url()).await);
    if needed() > 1 {
        let what = format!("is of version {}, and this program needs {}", needed() - 1, needed());
        assert!(text.contains(&what), "{text}");
    }
}
