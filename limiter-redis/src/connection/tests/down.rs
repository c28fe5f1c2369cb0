//! A server that is down, and very many calls.

use limiter_core::ErrorKind;
use limiter_testkit::proxy::{Mode, Proxy};
use tokio::task::JoinSet;

use super::*;

const CALLS: usize = 10_000;
/// What they may take together: minutes if they waited for each other.
const SERVED: Duration = Duration::from_secs(5);

/// So many calls at once; how long they took together, and their errors.
async fn at_once(connection: &Connection) -> (Duration, Vec<Error>) {
    let mut calls = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..CALLS {
        let connection = connection.clone();
        calls.spawn(async move {
            let mut call = Call::new(&COUNT, "hit", true, 1, 0);
            call.arg("k");
            connection.run(call).await.unwrap_err()
        });
    }
    let errors = calls.join_all().await;
    (begun.elapsed(), errors)
}

async fn prepared() -> (Redis, Proxy, Connection) {
    let server = Redis::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let connection = connect(&single(proxy.address())).await.unwrap();
    count(&connection, "k").await.unwrap();
    (server, proxy, connection)
}

fn assert_never_sent(errors: &[Error]) {
    for error in errors {
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_connections_end_all_calls_at_once() {
    let (server, proxy, connection) = prepared().await;
    proxy.set(Mode::Down).await;
    sleep(Duration::from_millis(50)).await;
    let (took, errors) = at_once(&connection).await;
    assert!(took < SERVED, "{took:?}");
    assert_never_sent(&errors);
    assert!(errors[CALLS - 1].to_string().contains("refused"), "{}", errors[CALLS - 1]);
    proxy.set(Mode::Forward).await;
    assert!(until_it_works(&connection, "k", Duration::from_secs(2)).await < Duration::from_millis(1100));
    assert_eq!(counted(&server, "k"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_up_sees_few_connections() {
    let (_server, proxy, connection) = prepared().await;
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(50)).await;
    let before = proxy.counts().connections;
    let (took, errors) = at_once(&connection).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_never_sent(&errors);
    let connects = proxy.counts().connections - before;
    assert!((1..=8).contains(&connects), "{connects} connects in {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_time_a_server_that_is_down_is_tried_about_once_a_second() {
    let (_server, proxy, connection) = prepared().await;
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(50)).await;
    let before = proxy.counts().connections;
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        count(&connection, "k").await.unwrap_err();
        tokio::task::yield_now().await;
    }
    let connects = proxy.counts().connections - before;
    assert!((3..=15).contains(&connects), "{connects}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_accepts_and_says_nothing_sees_few_connections() {
    let (_server, proxy, connection) = prepared().await;
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(50)).await;
    proxy.set(Mode::Stall).await;
    let before = proxy.counts().connections;
    let (took, errors) = at_once(&connection).await;
    assert!(took < RESPONSE + Duration::from_millis(500), "{took:?}");
    assert_never_sent(&errors);
    let connects = proxy.counts().connections - before;
    assert_eq!(connects, 1, "in {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_under_very_many_calls_lets_all_of_them_end() {
    let (server, _proxy, connection) = prepared().await;
    server.pause();
    let (took, errors) = at_once(&connection).await;
    server.resume();
    assert!(took < RESPONSE + Duration::from_millis(700), "{took:?}");
    assert!(errors.iter().all(Error::is_transient));
    assert!(until_it_works(&connection, "k", Duration::from_secs(3)).await < Duration::from_secs(2));
}

#[tokio::test]
async fn a_first_connection_that_cannot_be_had_says_where_and_why() {
    let server = Redis::start().unwrap();
    server.stop();
    let error = connect(&single(server.address())).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some("connect")), "{error}");
    let text = error.to_string();
    assert!(text.contains(&server.port().to_string()) && text.contains("refused"), "{text}");
}

#[tokio::test]
async fn a_first_connection_takes_no_longer_than_it_may() {
    let server = Redis::start().unwrap();
    server.pause();
    let begun = Instant::now();
    let error = connect(&single(server.address())).await.unwrap_err();
    server.resume();
    assert!(begun.elapsed() < CONNECT + Duration::from_millis(200), "{:?}", begun.elapsed());
    assert!(error.to_string().contains("connect timeout of 1s"), "{error}");
}
