//! A server that is down, and very many calls.

use super::*;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const CALLS: usize = 10_000;
/// What they may take together, besides a timeout: minutes if they waited for each other.
const SERVED: Duration = Duration::from_secs(5);

/// So many calls at once; how long they took together, and their errors.
async fn at_once(connection: &Connection) -> (Duration, Vec<Error>) {
    let mut calls = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..CALLS {
        let connection = connection.clone();
        calls.spawn(async move {
            let deadline = Instant::now() + RESPONSE;
            connection.run(counting("k"), deadline).await.unwrap_err().into_error("hit", true)
        });
    }
    let errors = calls.join_all().await;
    (begun.elapsed(), errors)
}

/// The errors that aren't of a call that was never sent, and how many there are.
fn sent(errors: &[Error]) -> usize {
    errors.iter().filter(|error| error.may_have_charged()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_connections_end_all_calls_at_once() {
    let database = Database::new();
    let (proxy, connection) = database.proxied().await;
    count(&connection, "k").await.unwrap();
    proxy.set(Mode::Down).await;
    let (took, errors) = at_once(&connection).await;
    assert!(took < SERVED, "{took:?}");
    // The one connection that there was.
    assert!(sent(&errors) <= 1, "{}", sent(&errors));
    let last = errors.last().unwrap();
    assert_eq!(told(last), (ErrorKind::Unavailable, false), "{last}");
    assert!(last.to_string().contains("refused") && last.to_string().contains("127.0.0.1"), "{last}");
    proxy.set(Mode::Forward).await;
    let took = until_it_works(&connection, "k", Duration::from_secs(2)).await;
    assert!(took < Duration::from_millis(1200), "{took:?}");
    assert_eq!(database.counted(&SERVER, "k"), 2);
}

/// Accepts and closes, and counts how often.
async fn slammed(listener: TcpListener, lasting: Duration) -> usize {
    let end = Instant::now() + lasting;
    let mut accepted = 0;
    while let Ok(Ok(_)) = tokio::time::timeout_at(end, listener.accept()).await {
        accepted += 1;
    }
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_make_no_storm_of_connections() {
    let server = Postgres::start().unwrap();
    let database = Database::on(&server);
    let connection = database.connect().await;
    count(&connection, "k").await.unwrap();
    let address = server.address();
    server.kill();
    let listener = TcpListener::bind(address).await.unwrap();
    let attempts = tokio::spawn(slammed(listener, Duration::from_millis(1500)));
    let (took, errors) = at_once(&connection).await;
    assert!(took < SERVED, "{took:?}");
    assert!(sent(&errors) <= 1, "{}", sent(&errors));
    while !attempts.is_finished() {
        count(&connection, "k").await.unwrap_err();
        sleep(Duration::from_millis(1)).await;
    }
    let attempts = attempts.await.unwrap();
    // As many as the pool is large, and then one at a time, with longer and longer rests.
    assert!((2..=4 + 8).contains(&attempts), "{attempts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_swallows_everything_costs_no_more_than_the_timeout() {
    let database = Database::new();
    let (proxy, connection) = database.proxied().await;
    count(&connection, "k").await.unwrap();
    let before = proxy.counts().connections;
    proxy.set(Mode::Stall).await;
    let (took, errors) = at_once(&connection).await;
    assert!(took < BOUND + SERVED, "{took:?}");
    assert!(sent(&errors) <= 1, "{}", sent(&errors));
    assert!(proxy.counts().connections - before <= 4);
    // Once that is known, calls end at once.
    sleep(CONNECT).await;
    let begun = Instant::now();
    let mut quick = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        let call = Instant::now();
        count(&connection, "k").await.unwrap_err();
        quick += u32::from(call.elapsed() < Duration::from_millis(5));
        sleep(Duration::from_millis(2)).await;
    }
    assert!(quick > 5, "{quick}");
    proxy.set(Mode::Forward).await;
    until_it_works(&connection, "k", Duration::from_secs(3)).await;
}

#[tokio::test]
async fn the_first_call_after_a_long_outage_finds_the_server() {
    let server = Postgres::start().unwrap();
    let database = Database::on(&server);
    let connection = database.connect().await;
    server.stop();
    for _ in 0..20 {
        count(&connection, "k").await.unwrap_err();
        sleep(Duration::from_millis(20)).await;
    }
    server.start_again().unwrap();
    sleep(Duration::from_millis(1100)).await;
    assert_eq!(count(&connection, "k").await.unwrap(), 1);
}
