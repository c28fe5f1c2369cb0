//! A server that is down.

use limiter_core::ErrorKind;
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::postgres::Postgres;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::operations::*;
use std::time::Duration;

const CALLS: usize = 10_000;

#[tokio::test]
async fn each_operation_says_that_the_server_is_down_and_that_nothing_was_done() {
    let server = Postgres::start().unwrap();
    let backend = client(&server).await;
    operate_all(&backend).await.unwrap();
    server.stop();
    // Whoever comes first finds out.
    let _ = all_fail_in_time(&backend).await;
    for (name, _) in OPERATIONS {
        let begun = Instant::now();
        let error = operate(&backend, name).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_charged()),
            (ErrorKind::Unavailable, false),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(&server.address().to_string()), "{error}");
        assert!(begun.elapsed() < RESPONSE, "{name}: {:?}", begun.elapsed());
    }
    server.start_again().unwrap();
    until_it_works(&backend, Duration::from_secs(3)).await;
    operate_all(&backend).await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_restarted_while_nobody_called_costs_no_call() {
    let server = Postgres::start().unwrap();
    let backend = client(&server).await;
    operate_all(&backend).await.unwrap();
    for kill in [false, true] {
        if kill {
            server.kill();
        } else {
            server.stop();
        }
        server.start_again().unwrap();
        sleep(Duration::from_millis(1100)).await;
        operate_all(&backend).await.unwrap();
    }
    // Told by the server when it ended the session: nothing is left to doubt, however short ago that was.
    server.stop();
    server.start_again().unwrap();
    operate_all(&backend).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_at_once_end_at_once_and_make_no_storm() {
    let server = Postgres::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let backend = client_at(proxy.address(), options()).await.unwrap();
    operate_all(&backend).await.unwrap();
    // The proxy accepts, and ends each connection at once.
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    let before = proxy.counts().connections;
    let (mut calls, begun) = (JoinSet::new(), Instant::now());
    for caller in 0..CALLS {
        let backend = backend.clone();
        let (name, _) = OPERATIONS[caller % OPERATIONS.len()];
        calls.spawn(async move { operate(&backend, name).await.unwrap_err() });
    }
    let mut unsure = 0;
    while let Some(error) = calls.join_next().await {
        let error = error.unwrap();
        assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error}");
        unsure += u32::from(error.may_have_charged());
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    // A statement for each connection that there was, of which one may hold many hits.
    assert!(unsure < 1000, "{unsure}");
    let attempts = proxy.counts().connections - before;
    // As many as the pool is large, and then one at a time after longer and longer rests.
    assert!((1..=4 + 8).contains(&attempts), "{attempts}");
    proxy.set(Mode::Forward).await;
    until_it_works(&backend, Duration::from_secs(3)).await;
}
