//! Threads without a runtime, runtimes that end, and limiters that are shut down.

use super::*;
use tokio::runtime::Builder;

#[test]
fn a_runtime_that_ends_with_calls_under_way_panics_nowhere() {
    for workers in [0, 2] {
        let mut runtime =
            if workers == 0 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
        let runtime = runtime.enable_all().build().unwrap();
        let connection = runtime.block_on(async {
            let connection = Database::new().connect().await;
            for _ in 0..8 {
                let connection = connection.clone();
                tokio::spawn(async move { run(&connection, slow("k", Duration::from_millis(400))).await });
                tokio::task::yield_now().await;
            }
            sleep(Duration::from_millis(50)).await;
            connection
        });
        let call = counting("k");
        // Both are dropped on a thread without a runtime.
        let begun = connection.run_here(&call, Instant::now() + RESPONSE);
        drop(runtime);
        drop(begun);
        drop(connection);
    }
}

#[test]
fn a_call_that_is_dropped_halfway_without_a_runtime_panics_nowhere() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let database = Database::new();
    let connection = runtime.block_on(database.connect());
    let call = slow("k", Duration::from_millis(300));
    let mut begun = Box::pin(connection.run_here(&call, Instant::now() + RESPONSE));
    runtime.block_on(async {
        assert!(tokio::time::timeout(Duration::from_millis(50), begun.as_mut()).await.is_err());
    });
    drop(begun);
    // Its place in the pool is free again.
    runtime.block_on(async {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let connection = connection.clone();
            calls
                .spawn(async move { run(&connection, slow("k", Duration::from_millis(100))).await.unwrap() });
        }
        calls.join_all().await;
    });
    drop(runtime);
}

#[tokio::test]
async fn a_limiter_that_is_shut_down_sends_nothing_more() {
    let database = Database::new();
    let connection = database.connect().await;
    let under_way = connection.clone();
    let under_way = tokio::spawn(async move { run(&under_way, slow("k", Duration::from_millis(100))).await });
    sleep(Duration::from_millis(30)).await;
    connection.shut().await;
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("shut down"), "{error}");
    assert_eq!(under_way.await.unwrap().unwrap(), 1);
    sleep(Duration::from_millis(50)).await;
    let text = "select count(*) from pg_stat_activity where application_name = 'limiter' and datname = current_database()";
    assert_eq!(SERVER.psql(&database.name, &["-c", text]).unwrap(), "0");
}
