//! All or nothing.

use std::time::{Duration, Instant};

use limiter_core::ErrorKind;
use tokio::time::timeout;

use crate::busy::{Busy, nobody_migrates};
use crate::database::{Database, first, start};

const SOON: Duration = Duration::from_secs(5);

/// From here on a function of this name can't be made.
fn forbid(database: &Database, function: &str) {
    database.sql(&format!(
        "create schema guard;
         create function guard.refuse() returns event_trigger language plpgsql as $$
         begin
           if exists (select from pg_event_trigger_ddl_commands() where object_identity like '%.{function}(%') then
             raise exception 'not that one';
           end if;
         end $$;
         create event trigger refuse on ddl_command_end execute function guard.refuse()"
    ));
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_can_be_tried_again() {
    let database = Database::new();
    forbid(&database, "hit_many");
    let error = start(&database.url()).await.unwrap_err();
    assert!(error.to_string().contains("not that one"), "{error}");
    assert_eq!(database.schemas("limiter"), "0");
    timeout(SOON, nobody_migrates(&database)).await.unwrap();
    database.sql("drop event trigger refuse");
    assert!(first(&start(&database.url()).await.unwrap()).await);
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing() {
    let database = Database::new();
    let busy = Busy::begin(&database).await;
    let waiting = timeout(Duration::from_millis(500), start(&database.url())).await;
    assert!(waiting.is_err(), "it didn't wait");
    busy.end();
    timeout(SOON, nobody_migrates(&database)).await.unwrap();
    assert_eq!(database.schemas("limiter"), "0");
    drop(start(&database.url()).await.unwrap());
}

#[tokio::test]
async fn somebody_who_migrates_for_too_long_is_told_of() {
    let database = Database::new();
    let busy = Busy::begin(&database).await;
    let begun = Instant::now();
    let error = start(&database.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("somebody else has been migrating the schema \"limiter\""), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    busy.end();
}

#[tokio::test]
async fn who_has_no_schema_to_make_waits_for_nobody_who_migrates() {
    let database = Database::new();
    drop(start(&database.url()).await.unwrap());
    let busy = Busy::begin(&database).await;
    timeout(SOON, start(&database.url())).await.unwrap().unwrap();
    busy.end();
}
