//! A network that fails on purpose.

use limiter_core::ErrorKind;
use limiter_testkit::proxy::{Mode, Proxy};
use tokio::task::JoinSet;

use super::*;

struct Case {
    server: Redis,
    proxy: Proxy,
    connection: Connection,
}

impl Case {
    async fn new() -> Self {
        let server = Redis::start().unwrap();
        let proxy = Proxy::start(server.address()).await.unwrap();
        let connection = connect(&single(proxy.address())).await.unwrap();
        // The script is known from here on: each call is one round trip.
        count(&connection, "warm").await.unwrap();
        Self { server, proxy, connection }
    }
}

#[tokio::test]
async fn a_lost_reply_was_executed_once() {
    let case = Case::new().await;
    for (turn, mode) in [Mode::DropRepliesAndCut, Mode::DropReplies].into_iter().cycle().take(6).enumerate() {
        case.proxy.set(mode).await;
        let error = count(&case.connection, "k").await.unwrap_err();
        assert!(error.may_have_charged(), "{error}");
        assert_eq!(counted(&case.server, "k"), turn as u64 + 1);
        case.proxy.set(Mode::Cut { after_bytes: 0 }).await;
        sleep(Duration::from_millis(20)).await;
        case.proxy.set(Mode::Forward).await;
        assert!(until_it_works(&case.connection, "other", CONNECT).await < CONNECT);
    }
    assert_eq!(counted(&case.server, "k"), 6);
}

#[tokio::test]
async fn what_changes_nothing_never_charges() {
    let case = Case::new().await;
    case.proxy.set(Mode::DropRepliesAndCut).await;
    let error = echo(&case.connection, "text").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_holds_nobody_longer_than_they_may_wait() {
    let case = Case::new().await;
    case.proxy.set(Mode::Stall).await;
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let connection = case.connection.clone();
        calls.spawn(async move { count(&connection, "k").await.unwrap_err() });
    }
    for error in calls.join_all().await {
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, true), "{error}");
    }
    // By now the connection is given up; those that wait for the next one haven't sent anything.
    let error = count(&case.connection, "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    case.proxy.set(Mode::Forward).await;
    until_it_works(&case.connection, "k", Duration::from_secs(2)).await;
}

#[tokio::test]
async fn a_connection_that_swallows_answers_is_replaced() {
    let case = Case::new().await;
    case.proxy.set(Mode::DropReplies).await;
    for _ in 0..3 {
        assert_eq!(count(&case.connection, "k").await.unwrap_err().kind(), ErrorKind::Timeout);
    }
    // What has swallowed one answer stays silent: only another connection helps.
    case.proxy.set(Mode::Forward).await;
    assert_eq!(count(&case.connection, "k").await.unwrap(), 4);
    assert_eq!(case.proxy.counts().connections, 2);
    // The old one is closed although it still owes answers.
    sleep(Duration::from_millis(50)).await;
    let clients = case.server.cli(&["CLIENT", "LIST"]).unwrap();
    assert_eq!(clients.lines().count(), 2, "{clients}");
}

#[tokio::test]
async fn a_silent_connection_is_replaced_though_all_callers_give_up_early() {
    let case = Case::new().await;
    case.proxy.set(Mode::DropReplies).await;
    for _ in 0..20 {
        let early = tokio::time::timeout(RESPONSE / 10, count(&case.connection, "k")).await;
        assert!(early.is_err(), "{early:?}");
    }
    case.proxy.set(Mode::Forward).await;
    sleep(RESPONSE * 3).await;
    let early = tokio::time::timeout(RESPONSE / 2, count(&case.connection, "k")).await;
    assert_eq!(early.unwrap().unwrap(), 21);
    assert_eq!(case.proxy.counts().connections, 2);
}

#[tokio::test]
async fn a_caller_who_gives_up_costs_no_connection_that_answers() {
    let case = Case::new().await;
    for _ in 0..20 {
        case.proxy.set(Mode::Delay(RESPONSE / 5)).await;
        let early = tokio::time::timeout(RESPONSE / 50, count(&case.connection, "k")).await;
        assert!(early.is_err(), "{early:?}");
    }
    sleep(RESPONSE).await;
    case.proxy.set(Mode::Forward).await;
    assert_eq!(count(&case.connection, "k").await.unwrap(), 21);
    assert_eq!(case.proxy.counts().connections, 1);
}

#[tokio::test]
async fn slow_answers_now_and_then_cost_no_connection() {
    let case = Case::new().await;
    for _ in 0..2 {
        for _ in 0..2 {
            case.server.pause();
            assert_eq!(count(&case.connection, "k").await.unwrap_err().kind(), ErrorKind::Timeout);
            case.server.resume();
        }
        count(&case.connection, "k").await.unwrap();
    }
    assert_eq!(case.proxy.counts().connections, 1);
}

#[tokio::test]
async fn a_connection_lost_while_nobody_uses_it_is_noticed_before_the_next_call() {
    let case = Case::new().await;
    for (expected, mode) in [(1, Mode::Cut { after_bytes: 0 }), (2, Mode::Reset { after_bytes: 0 })] {
        case.proxy.set(mode).await;
        sleep(Duration::from_millis(50)).await;
        case.proxy.set(Mode::Forward).await;
        assert_eq!(count(&case.connection, "k").await.unwrap(), expected);
    }
    assert_eq!(case.proxy.counts().connections, 3);
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let case = Case::new().await;
    case.proxy.set(Mode::Cut { after_bytes: 2 }).await;
    let error = count(&case.connection, "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, true), "{error}");
    assert_eq!(counted(&case.server, "k"), 1);
}

#[tokio::test]
async fn paused_clients_wait_no_longer_than_they_may() {
    let case = Case::new().await;
    case.server.cli(&["CLIENT", "PAUSE", "900", "ALL"]).unwrap();
    let error = count(&case.connection, "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, true), "{error}");
    sleep(Duration::from_millis(500)).await;
    assert_eq!(count(&case.connection, "k").await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_under_load_is_found_again() {
    let server = Redis::with(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    let loaded = tokio::spawn({
        let connection = connection.clone();
        async move { load(&connection, "k", Duration::from_millis(2500)).await }
    });
    for _ in 0..2 {
        sleep(Duration::from_millis(400)).await;
        server.kill();
        sleep(Duration::from_millis(200)).await;
        server.start_again().unwrap();
        assert!(
            until_it_works(&connection, "other", Duration::from_secs(2)).await < Duration::from_millis(1100)
        );
    }
    let tally = loaded.await.unwrap();
    assert!(tally.succeeded > 100 && tally.failed > 0, "{tally:?}");
    tally.assert_explains(counted(&server, "k"));
}

#[tokio::test]
async fn a_connection_that_takes_nothing_leaves_no_task_behind() {
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let server = Redis::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let connection = connect(&single(proxy.address())).await.unwrap();
    let before = alive();
    proxy.set(Mode::Stall).await;
    let text = "x".repeat(32 << 20);
    let error = echo(&connection, &text).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    connection.shut().await;
    sleep(Duration::from_millis(50)).await;
    // The proxy's own task for it goes on.
    assert_eq!(alive(), before - 1);
}
