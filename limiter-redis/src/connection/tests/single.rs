//! One server that is well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use limiter_core::ErrorKind;
use limiter_testkit::proxy::{Mode, Proxy};
use tokio::task::JoinSet;

use super::*;

#[tokio::test]
async fn a_script_is_loaded_where_it_is_unknown() {
    let server = Redis::start().unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    assert_eq!(count(&connection, "k").await.unwrap(), 1);
    server.cli(&["SCRIPT", "FLUSH"]).unwrap();
    assert_eq!(count(&connection, "k").await.unwrap(), 2);
    assert!(!connection.is_cluster());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_flushed_all_the_time_are_no_error_and_lose_no_count() {
    let server = Arc::new(Redis::start().unwrap());
    let connection = connect(&single(server.address())).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let flushing = {
        let (server, done) = (Arc::clone(&server), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut flushed = 0;
            while !done.load(Ordering::Relaxed) {
                server.cli(&["SCRIPT", "FLUSH", "SYNC"]).unwrap();
                flushed += 1;
            }
            flushed
        })
    };
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let connection = connection.clone();
        tasks.spawn(async move {
            for _ in 0..250 {
                count(&connection, "k").await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    done.store(true, Ordering::Relaxed);
    assert!(flushing.join().unwrap() > 5);
    assert_eq!(counted(&server, "k"), 4000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_given_up_leave_the_answers_of_others_in_order() {
    let server = Redis::start().unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let connection = connection.clone();
        tasks.spawn(async move {
            for turn in 0..500 {
                let text = format!("{task}-{turn}");
                if (task + turn) % 3 == 0 {
                    let patience = Duration::from_micros(turn % 300);
                    tokio::time::timeout(patience, echo(&connection, &text)).await.ok();
                } else {
                    assert_eq!(echo(&connection, &text).await.unwrap(), text);
                }
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn who_gives_up_waiting_takes_nobody_elses_connection_along() {
    let server = Redis::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let connection = connect(&single(proxy.address())).await.unwrap();
    count(&connection, "warm").await.unwrap();
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(50)).await;
    proxy.set(Mode::Delay(Duration::from_millis(60))).await;
    let first = tokio::spawn({
        let connection = connection.clone();
        async move { count(&connection, "k").await }
    });
    sleep(Duration::from_millis(30)).await;
    let second = tokio::spawn({
        let connection = connection.clone();
        async move { count(&connection, "k").await }
    });
    sleep(Duration::from_millis(10)).await;
    first.abort();
    second.await.unwrap().unwrap();
    assert_eq!(proxy.counts().connections, 2);
}

#[tokio::test]
async fn nothing_is_sent_after_the_end() {
    let server = Redis::start().unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    let clone = connection.clone();
    connection.shut().await;
    for connection in [&connection, &clone] {
        let error = count(connection, "k").await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    }
    sleep(Duration::from_millis(50)).await;
    let clients = server.cli(&["CLIENT", "LIST"]).unwrap();
    assert_eq!(clients.lines().count(), 1, "{clients}");
    assert_eq!(counted(&server, "k"), 0);
}

#[test]
fn another_runtime_goes_on_where_one_has_ended() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Redis::start().unwrap();
    let connection = runtime().block_on(async {
        let connection = connect(&single(server.address())).await.unwrap();
        count(&connection, "k").await.map(|_| connection)
    });
    let connection = connection.unwrap();
    for expected in 2..4 {
        assert_eq!(runtime().block_on(count(&connection, "k")).unwrap(), expected);
    }
}

#[test]
fn a_runtime_that_ends_while_it_connects_leaves_the_way_open() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Redis::start().unwrap();
    let connection = runtime().block_on(async {
        let connection = connect(&single(server.address())).await.unwrap();
        count(&connection, "k").await.map(|_| connection)
    });
    let connection = connection.unwrap();
    server.pause();
    let given_up = runtime().block_on(async {
        sleep(Duration::from_millis(100)).await;
        tokio::time::timeout(Duration::from_millis(100), count(&connection, "k")).await
    });
    assert!(given_up.is_err(), "{given_up:?}");
    server.resume();
    runtime().block_on(until_it_works(&connection, "k", Duration::from_secs(2)));
}

#[tokio::test]
async fn a_database_of_its_own_is_used() {
    let server = Redis::start().unwrap();
    let target = Target { database: 3, ..single(server.address()) };
    let connection = connect(&target).await.unwrap();
    count(&connection, "k").await.unwrap();
    assert_eq!(server.cli(&["-n", "3", "GET", "k"]).unwrap(), "1");
    assert!(connection.describe().ends_with(&format!("127.0.0.1:{}, database 3", server.port())));
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn tls_without_its_feature_is_refused_by_name() {
    let tls = Some(crate::target::Tls::default());
    let server = Redis::start().unwrap();
    let error = connect(&Target { tls, ..single(server.address()) }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("feature `tls` of limiter-redis"), "{error}");
}

#[tokio::test]
async fn the_errors_of_our_own_scripts_are_answers() {
    const TEXT: &str = "return redis.error_reply('LIMITER_CONFLICT id in use')";
    let server = Redis::start().unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    match run(&connection, script(TEXT, || sha(TEXT)), "k").await.unwrap() {
        Value::ServerError(error) => assert_eq!(error.code(), "LIMITER_CONFLICT"),
        value => panic!("{value:?}"),
    }
}
