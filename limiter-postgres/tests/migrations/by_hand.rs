//! Migrated by other means, and run by a role that may only call functions.

use limiter_postgres::migrations;

use crate::database::{Database, SERVER, first, refused, start, start_checking};

/// Runs the migrations as people do: as SQL, by the schema's owner.
fn migrate_by_hand(database: &Database, role: &str) {
    for migration in migrations() {
        let text = migration.sql("limiter");
        SERVER.psql(&database.name, &["-1", "-c", &format!("set role {role}"), "-c", &text]).unwrap();
    }
}

#[tokio::test]
async fn migrations_run_by_hand_are_found() {
    let database = Database::new();
    let (owner, app) = (database.role("owner"), database.role("app"));
    database.sql(&format!("grant create on database {} to {owner}", database.name));
    migrate_by_hand(&database, &owner);
    database.grant(&app);
    // Whether it may migrate or not makes no difference to it.
    assert!(first(&start_checking(&database.url_as(&app)).await.unwrap()).await);
    assert!(!first(&start(&database.url_as(&app)).await.unwrap()).await);
    let owners =
        "select distinct pg_get_userbyid(proowner) from pg_proc where pronamespace = 'limiter'::regnamespace";
    assert_eq!(database.sql(owners), owner);
}

#[tokio::test]
async fn migrations_run_twice_by_hand_fail_and_change_nothing() {
    let database = Database::new();
    migrate_by_hand(&database, "postgres");
    let again = SERVER.psql(&database.name, &["-1", "-c", &migrations()[0].sql("limiter")]);
    assert!(again.unwrap_err().to_string().contains("already exists"));
    assert!(first(&start_checking(&database.url()).await.unwrap()).await);
}

/// A schema that an administrator has made for its owner.
#[tokio::test]
async fn an_empty_schema_of_ones_own_is_filled() {
    let database = Database::new();
    let app = database.role("app");
    let without = refused(start(&database.url_as(&app)).await);
    assert!(without.contains("may not make or change the schema \"limiter\""), "{without}");
    database.sql(&format!("create schema limiter authorization {app}"));
    assert!(first(&start(&database.url_as(&app)).await.unwrap()).await);
}

#[test]
fn migrations_are_numbered_from_one_on() {
    let versions: Vec<_> = migrations().iter().map(|migration| migration.version).collect();
    let expected: Vec<_> = (1..).take(versions.len()).collect();
    assert!(!versions.is_empty());
    assert_eq!(versions, expected);
    assert_eq!(migrations()[0].name, "counts");
    assert!(migrations().iter().all(|migration| !migration.sql("a_schema").contains('@')));
    assert!(migrations()[0].sql("a_schema").contains("create table \"a_schema\".rate ("));
}
