//! A server, or a network, that answers nothing.

use limiter_core::{ErrorKind, RateLimiter};
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::postgres::Postgres;

use crate::operations::*;
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_on_a_frozen_server_ends_in_time_and_says_what_may_have_happened() {
    let server = Postgres::start().unwrap();
    for (name, changes) in OPERATIONS {
        let backend = client_at(server.address(), options().with_pool_size(2).unwrap()).await.unwrap();
        operate(&backend, name).await.unwrap();
        server.freeze();
        let error = in_time(RESPONSE, operate(&backend, name)).await.unwrap_err();
        // It was sent; what becomes of it nobody knows.
        assert_eq!(
            (error.kind(), error.may_have_charged()),
            (ErrorKind::Timeout, changes),
            "{name}: {error}"
        );
        assert_eq!(error.operation(), Some(name));
        server.thaw();
        until_it_works(&backend, Duration::from_secs(3)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_on_a_frozen_server_all_end_in_time() {
    let server = Postgres::start().unwrap();
    let backend = client(&server).await;
    operate_all(&backend).await.unwrap();
    server.freeze();
    let mut calls = JoinSet::new();
    for caller in 0..200_usize {
        let backend = backend.clone();
        let (name, _) = OPERATIONS[caller % OPERATIONS.len()];
        calls.spawn(async move { in_time(RESPONSE, operate(&backend, name)).await.unwrap_err() });
    }
    for error in calls.join_all().await {
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error}");
    }
    server.thaw();
    until_it_works(&backend, Duration::from_secs(3)).await;
    operate_all(&backend).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_costs_a_call_its_timeout_and_no_more() {
    let server = Postgres::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let backend = client_at(proxy.address(), options()).await.unwrap();
    operate_all(&backend).await.unwrap();
    proxy.set(Mode::Stall).await;
    for (name, changes, error) in all_fail_in_time(&backend).await {
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{name}: {error}");
        assert!(changes || !error.may_have_charged(), "{name}: {error}");
    }
    proxy.set(Mode::Forward).await;
    until_it_works(&backend, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn what_a_caller_gave_up_on_was_charged_once() {
    let server = Postgres::start().unwrap();
    let backend = client(&server).await;
    let (key, limit) = (key("given up"), limit(1000));
    let charges = [limiter_core::Charge::new(&key, &limit)];
    let _ = backend.hit(&charges).await.unwrap();
    for _ in 0..50 {
        let hit = tokio::time::timeout(Duration::from_micros(500), backend.hit(&charges));
        let _ = hit.await;
    }
    // What was begun is done by now, or never will be; a connection in the middle of something would be noticed.
    tokio::time::sleep(RESPONSE).await;
    let left = backend.peek(&charges).await.unwrap().outcomes()[0].remaining();
    assert!((949..=999).contains(&left), "{left}");
    for expected in 1..=20 {
        assert_eq!(backend.hit(&charges).await.unwrap().outcomes()[0].remaining(), left - expected);
    }
}
