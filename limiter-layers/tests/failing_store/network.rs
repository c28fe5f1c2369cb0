//! The layers over a real network that fails.

use std::time::Duration;

use limiter_core::{Backend, ErrorKind};
use limiter_layers::{CircuitBreakerLayer, Layer, TimeoutLayer};
use limiter_testkit::proxy::{Mode, Proxy};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::distant::{Distant, Server};
use crate::operations::{ALL, ask};

const TIME: Duration = Duration::from_millis(300);
/// How late a busy machine may be.
const SLACK: Duration = Duration::from_millis(500);
const OPEN_FOR: Duration = Duration::from_millis(400);

async fn proxied() -> (Server, Proxy, Backend) {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address()).await.unwrap();
    let store = Distant::backend(proxy.address());
    (server, proxy, store)
}

/// Makes every call at once. Each must be timed out, within its time and a little more than a sleep of the same length
/// takes on this machine.
async fn all_time_out(backend: &Backend) {
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for (operation, changes) in ALL {
        let backend = backend.clone();
        calls.spawn(async move {
            let answer = timeout(10 * TIME, ask(&backend, operation)).await;
            (answer.expect(operation), changes, start.elapsed())
        });
    }
    sleep(TIME).await;
    let slept = start.elapsed();
    for (answer, changes, took) in calls.join_all().await {
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, changes), "{error}");
        assert!(took >= TIME && took <= slept + SLACK, "{error}: took {took:?}");
    }
}

#[tokio::test]
async fn with_a_server_that_stalls_every_call_ends_with_its_time() {
    let (server, proxy, store) = proxied().await;
    let backend = TimeoutLayer::new(TIME).wrap(store);
    proxy.set(Mode::Stall).await;
    all_time_out(&backend).await;
    assert_eq!(server.executed(), 0);
    proxy.set(Mode::Forward).await;
    for (operation, _) in ALL {
        ask(&backend, operation).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_of_which_the_reply_is_lost_was_executed_and_says_that_it_may_be() {
    let (server, proxy, store) = proxied().await;
    let backend = TimeoutLayer::new(TIME).wrap(store);
    proxy.set(Mode::DropReplies).await;
    all_time_out(&backend).await;
    // What was sent may still be on its way to a busy server.
    let due = Instant::now() + 10 * TIME;
    while server.executed() < ALL.len() as u64 && Instant::now() < due {
        sleep(TIME / 10).await;
    }
    sleep(TIME).await;
    assert_eq!(server.executed(), ALL.len() as u64, "each was executed once");
}

#[tokio::test]
async fn ten_thousand_calls_at_once_on_a_store_that_is_down_make_one_connection() {
    const CALLS: usize = 10_000;
    let (server, proxy, store) = proxied().await;
    let breaker = CircuitBreakerLayer::default().with_open_for(OPEN_FOR);
    let backend = breaker.wrap(TimeoutLayer::new(TIME).wrap(store));
    // Accepted and reset: each attempt shows as a connection.
    proxy.set(Mode::Reset { after_bytes: 0 }).await;
    for _ in 0..5 {
        assert_eq!(ask(&backend, "hit").await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    sleep(OPEN_FOR * 6 / 5).await;
    let before = proxy.counts().connections;
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let backend = backend.clone();
        calls.spawn(async move { ask(&backend, "hit").await });
    }
    let failed = calls.join_all().await.iter().filter(|answer| answer.is_err()).count();
    let (took, connections) = (start.elapsed(), proxy.counts().connections - before);
    assert_eq!(failed, CALLS);
    let probes = 1 + took.as_millis() / OPEN_FOR.as_millis();
    assert!((1..=probes).contains(&u128::from(connections)), "{connections} connections in {took:?}");
    assert_eq!(server.executed(), 0);

    proxy.set(Mode::Forward).await;
    let start = Instant::now();
    while ask(&backend, "hit").await.is_err() {
        assert!(start.elapsed() < OPEN_FOR * 6 / 5 + SLACK, "it hasn't recovered");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.executed(), 1, "the probe");
}
