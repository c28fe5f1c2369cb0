//! More calls than connections, and servers that give no more of them.

use super::*;
use crate::connection::door::Door;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;

#[tokio::test]
async fn calls_that_find_no_free_connection_in_time_were_never_sent() {
    let database = Database::new();
    let connection = database.connect().await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let connection = connection.clone();
        calls.spawn(async move { run(&connection, slow("k", Duration::from_millis(300))).await });
    }
    let answers = calls.join_all().await;
    let served = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(served, 4, "{answers:?}");
    let waiting = answers.iter().filter_map(|answer| answer.as_ref().err());
    let busy: Vec<_> = waiting.filter(|error| error.to_string().contains("all 4 connections")).collect();
    assert!(!busy.is_empty());
    assert!(busy.iter().all(|error| told(error) == (ErrorKind::Timeout, false)));
    sleep(Duration::from_millis(100)).await;
    let unsure = answers.iter().filter(|answer| answer.as_ref().is_err_and(Error::may_have_charged)).count();
    let counted = database.counted(&SERVER, "k");
    assert!((4..=4 + unsure).contains(&usize::try_from(counted).unwrap()), "{counted}");
}

#[tokio::test]
async fn as_many_calls_as_connections_run_at_once() {
    let database = Database::new();
    let connection = database.connect().await;
    for _ in 0..3 {
        let begun = Instant::now();
        let mut calls = JoinSet::new();
        for _ in 0..4 {
            let connection = connection.clone();
            calls
                .spawn(async move { run(&connection, slow("k", Duration::from_millis(100))).await.unwrap() });
        }
        calls.join_all().await;
        assert!(begun.elapsed() < Duration::from_millis(300), "{:?}", begun.elapsed());
    }
}

async fn another(database: &Database) -> Result<PgConnection> {
    let door = Door::new(&database.config())?;
    let opened = door.apart().open().await;
    opened.map(|(connection, _)| connection).map_err(|refusal| refusal.to_error("connect"))
}

/// With so few connections that others can take them all.
fn small_server() -> Postgres {
    Postgres::with(&[
        ("max_connections", "6"),
        ("superuser_reserved_connections", "0"),
        ("max_wal_senders", "0"),
    ])
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_server_gives_no_more_connections_those_that_there_are_serve_all() {
    let server = small_server();
    let database = Database::on(&server);
    let connection = database.connect().await;
    count(&connection, "k").await.unwrap();
    let mut others = Vec::new();
    while let Ok(other) = another(&database).await {
        others.push(other);
    }
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let connection = connection.clone();
        calls.spawn(async move { count(&connection, "k").await });
    }
    let answers = calls.join_all().await;
    let failed: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{}: {:?}", failed.len(), failed[0]);
    drop(others);
    until_it_works(&connection, "k", Duration::from_secs(2)).await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_told_and_found_again() {
    let server = small_server();
    let database = Database::on(&server);
    let mut others = Vec::new();
    while let Ok(other) = another(&database).await {
        others.push(other);
    }
    let error = Connection::connect(&database.config()).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("53300"), "{error}");
    others.pop();
    sleep(Duration::from_millis(100)).await;
    let connection = database.connect().await;
    count(&connection, "k").await.unwrap();
}
