//! Schemas that can't be made or used, with what a person is told.

use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_postgres::Options;
use testservers::postgres::PgBouncer;

use crate::busy::Busy;
use crate::database::{Database, SERVER, first, refused, start, start_checking, start_with};

#[tokio::test]
async fn a_role_that_may_not_make_a_schema_is_told_who_must_do_what() {
    let database = Database::new();
    let app = database.role("app");
    let text = refused(start(&database.url_as(&app)).await);
    let name = &database.name;
    for part in [
        format!(
            "the role \"{app}\" may not make or change the schema \"limiter\" in the database \"{name}\""
        ),
        "limiter_postgres::migrations()".to_owned(),
        format!("grant usage on schema \"limiter\" to \"{app}\""),
        format!("grant execute on all functions in schema \"limiter\" to \"{app}\""),
    ] {
        assert!(text.contains(&part), "{text}");
    }
}

#[tokio::test]
async fn a_role_without_rights_on_what_is_there_is_told_of_them() {
    let database = Database::new();
    let app = database.role("app");
    drop(start(&database.url()).await.unwrap());
    let lacking =
        format!("the role \"{app}\" may not use the schema \"limiter\"; its owner must run: grant usage");
    let grants = [
        format!("grant usage on schema limiter to {app}"),
        format!("grant execute on function limiter.version() to {app}"),
        format!("grant execute on all functions in schema limiter to {app}"),
    ];
    for grant in grants {
        for started in [start(&database.url_as(&app)).await, start_checking(&database.url_as(&app)).await] {
            let text = refused(started);
            assert!(text.contains(&lacking), "{text}");
        }
        database.sql(&grant);
    }
    assert!(first(&start(&database.url_as(&app)).await.unwrap()).await);
    database.sql(&format!("revoke execute on function limiter.hit_one from {app}"));
    let text = refused(start(&database.url_as(&app)).await);
    assert!(text.contains(&lacking), "{text}");
}

#[tokio::test]
async fn a_schema_with_other_things_in_it_stays_as_it_is() {
    for other in [
        "create table limiter.rate (key bytea)",
        "create function limiter.f() returns int language sql as 'select 1'",
        "create type limiter.t as enum ('a')",
        "create view limiter.v as select 1 as one",
    ] {
        let database = Database::new();
        database.sql("create schema limiter");
        database.sql(other);
        let text = refused(start(&database.url()).await);
        assert!(
            text.contains("the schema \"limiter\" holds something else, or was made only in part"),
            "{text}"
        );
        let tables =
            "select count(*) from pg_class where relnamespace = 'limiter'::regnamespace and relkind = 'r'";
        assert_eq!(database.sql(tables), if other.contains("table") { "1" } else { "0" });
    }
}

#[tokio::test]
async fn a_function_version_of_somebody_elses_is_no_version() {
    for (kind, body) in
        [("text", "'15'"), ("bigint", "-1"), ("bigint", "0"), ("bigint", "4294967296"), ("bigint", "null")]
    {
        let database = Database::new();
        database.sql(&format!(
            "create schema limiter;
             create function limiter.version() returns {kind} language sql as $$ select {body}::{kind} $$"
        ));
        let text = refused(start(&database.url()).await);
        assert!(text.contains("holds something else"), "{text}");
    }
}

/// Who owns a schema can put triggers on its tables, which run as the functions' owner.
#[tokio::test]
async fn a_schema_of_somebody_who_could_abuse_it_is_not_filled() {
    let database = Database::new();
    let (other, migrator) = (database.role("other"), database.role("migrator"));
    database.sql(&format!("create schema limiter authorization {other}"));
    let text = refused(start(&database.url()).await);
    assert!(
        text.contains(&format!("belongs to the role \"{other}\", who may not act as \"postgres\"")),
        "{text}"
    );
    // One of somebody who may do more than that is fine.
    database.sql(&format!(
        "alter schema limiter owner to postgres; grant create, usage on schema limiter to {migrator}"
    ));
    assert!(first(&start(&database.url_as(&migrator)).await.unwrap()).await);
}

#[tokio::test]
async fn a_standby_makes_no_schema_and_says_so() {
    let standby = SERVER.standby().unwrap();
    let error = start(&standby.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("standby"), "{error}");
}

#[tokio::test]
async fn a_server_that_goes_meanwhile_says_nothing_against_the_schema() {
    let database = Database::new();
    let busy = Busy::begin(&database).await;
    let url = database.url();
    let starting = tokio::spawn(async move { start(&url).await });
    let waiting = "from pg_stat_activity where datname = current_database() and wait_event = 'advisory'";
    while database.sql(&format!("select count(*) {waiting}")) == "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    database.sql(&format!("select pg_terminate_backend(pid) {waiting}"));
    let error = starting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    busy.end();
}

#[tokio::test]
async fn a_schema_is_made_through_a_bouncer() {
    let bouncer = PgBouncer::before(&SERVER, 2).unwrap();
    let database = Database::new();
    let url = bouncer.url_as("postgres", "", &database.name);
    let options = Options::default().with_pgbouncer(true);
    assert!(first(&start_with(&url, options.clone()).await.unwrap()).await);
    assert!(!first(&start_with(&url, options).await.unwrap()).await);
}

#[tokio::test]
async fn settings_of_a_role_or_database_do_not_reach_what_is_made() {
    let database = Database::new();
    let role = database.role("strange");
    database.sql(&format!(
        "create schema evil;
         create domain evil.bytea as text; create domain evil.bigint as text;
         create function evil.array_length(anyarray, int) returns int language sql as 'select 1/0';
         grant create on database {} to {role}; grant usage on schema evil to {role};
         alter role {role} set search_path = evil, pg_catalog; 
          alter role {role} set lock_timeout = 1",
        database.name
    ));
    drop(start(&database.url_as(&role)).await.unwrap());
    let strange = "select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
        where c.relnamespace = 'limiter'::regnamespace and t.typnamespace <> 'pg_catalog'::regnamespace and a.attnum > 0";
    assert_eq!(database.schemas("limiter"), "1");
    assert_eq!(database.sql(strange), "0");
}
