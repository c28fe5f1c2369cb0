//! How a store starts: many at once, and on what isn't a file of counts.

use std::fs;
use std::path::Path;
use std::time::Duration;

use limiter_factory::{Error, ErrorKind, Key, Limit, RateLimiterExt, limit};
use limiter_testkit::processes::{Crowd, Member};
use sqlite_backend::{Config, SqliteStore};
use sqlx::Connection;
use tokio::time::{sleep, timeout};

use crate::blocker::connection;
use crate::counts::counted;
use crate::file::File;

const LIMIT: Limit = limit!("fixed 100/366d");
const PROCESSES: usize = 8;

async fn take_part(mut member: Member) {
    member.ready().unwrap();
    member.work::<()>().await.unwrap();
    let backend = File::of_this_test().client(None).await;
    let key = Key::all("starting").unwrap();
    member.tell(&backend.rates.hit_one(&key, &LIMIT).await.unwrap().is_allowed()).unwrap();
    member.work::<()>().await.ok();
}

#[tokio::test]
async fn eight_processes_make_one_file_at_once() {
    if let Some(member) = Member::here() {
        return take_part(member).await;
    }
    for _ in 0..3 {
        let file = File::new();
        let test = "starting::eight_processes_make_one_file_at_once";
        let mut crowd = Crowd::start(test, &file.store(), PROCESSES).await.unwrap();
        crowd.tell_all(&()).await.unwrap();
        assert_eq!(crowd.one_each::<bool>().await.unwrap(), [true; PROCESSES]);
        let key = Key::all("starting").unwrap();
        assert_eq!(counted(&file.client(None).await, &key, &LIMIT).await, PROCESSES as u64);
        crowd.end().await.unwrap();
    }
}

#[tokio::test]
async fn a_start_waits_for_whoever_has_the_lock_as_long_as_a_call_may() {
    let file = File::new();
    fs::write(file.path(), "").unwrap();
    let mut other = connection(file.path(), Duration::ZERO).await;
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let impatient = SqliteStore::open(file.config().with_timeout(Duration::from_millis(200)));
    let refused = timeout(Duration::from_secs(5), impatient).await.unwrap();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Timeout);
    let starting = tokio::spawn(SqliteStore::open(file.config()));
    sleep(Duration::from_millis(300)).await;
    assert!(!starting.is_finished());
    lock.rollback().await.unwrap();
    starting.await.unwrap().unwrap();
}

async fn refusal(path: &Path) -> Error {
    SqliteStore::open(Config::new(path).unwrap()).await.unwrap_err()
}

#[tokio::test]
async fn what_cannot_be_opened_is_a_fault_of_the_configuration_and_names_the_file() {
    let file = File::new();
    let folder = file.path().parent().unwrap();
    for path in [folder.join("missing/limits.db"), folder.to_owned()] {
        let error = refusal(&path).await;
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert!(error.to_string().contains("its folder must be there"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let file = File::new();
    let text = "Dear diary, ".repeat(200);
    fs::write(file.path(), &text).unwrap();
    let error = refusal(file.path()).await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
}

#[test]
fn a_path_that_may_mean_another_place_to_each_process_is_refused() {
    for path in ["", ":memory:", "limits.db", "./limits.db", "file:/tmp/limits.db", "sqlite:///tmp/limits.db"]
    {
        let error = Config::new(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("accepted: the absolute path of a file"), "{error}");
    }
}
