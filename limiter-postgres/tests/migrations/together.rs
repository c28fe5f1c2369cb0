//! Many that start at once on an empty database.

use std::io;

use limiter_postgres::Options;
use limiter_testkit::processes::{Crowd, Member};
use tokio::task::JoinSet;

use crate::database::{Database, first, start, start_with};

const INSTANCES: usize = 20;

#[tokio::test]
async fn twenty_starts_in_one_process_make_one_schema() {
    let database = Database::new();
    let mut starts = JoinSet::new();
    for _ in 0..INSTANCES {
        let url = database.url();
        starts.spawn(async move { start_with(&url, Options::default().with_pool_size(2).unwrap()).await });
    }
    let mut backends = Vec::new();
    for started in starts.join_all().await {
        backends.push(started.unwrap());
    }
    assert_eq!(backends.len(), INSTANCES);
    assert_eq!(database.schemas("limiter"), "1");
    assert!(first(&backends[0]).await);
    assert!(!first(&backends[INSTANCES - 1]).await);
}

#[tokio::test]
async fn twenty_processes_make_one_schema() -> io::Result<()> {
    if let Some(mut member) = Member::here() {
        member.ready()?;
        let () = member.work().await?;
        let started = start(member.store()).await;
        let allowed = match &started {
            Ok(backend) => Ok(first(backend).await),
            Err(error) => Err(error.to_string()),
        };
        member.tell(&allowed)?;
        let () = member.work().await?;
        return Ok(());
    }
    let database = Database::new();
    let test = "together::twenty_processes_make_one_schema";
    let mut crowd = Crowd::start(test, &database.url(), INSTANCES).await?;
    crowd.tell_all(&()).await?;
    let answers: Vec<Result<bool, String>> = crowd.one_each().await?;
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(true)).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(false)).count(), INSTANCES - 1, "{answers:?}");
    assert_eq!(database.schemas("limiter"), "1");
    crowd.end().await
}

#[tokio::test]
async fn schemas_of_several_names_are_made_beside_one_another() {
    let database = Database::new();
    let mut starts = JoinSet::new();
    for name in ["shop", "shop", "_2", "limiter", "select"] {
        let url = database.url();
        starts.spawn(async move { start_with(&url, Options::default().with_schema(name).unwrap()).await });
    }
    let mut allowed = Vec::new();
    for started in starts.join_all().await {
        allowed.push(first(&started.unwrap()).await);
    }
    assert_eq!(allowed.iter().filter(|allowed| **allowed).count(), 4, "{allowed:?}");
    let made = database
        .sql("select count(*) from pg_namespace where nspname in ('shop', '_2', 'limiter', 'select')");
    assert_eq!(made, "4");
}
