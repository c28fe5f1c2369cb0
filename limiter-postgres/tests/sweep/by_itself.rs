//! The task that sweeps from time to time: for as long as the backend is there, whatever goes wrong.

use std::time::Duration;

use limiter_core::Control;
use tokio::time::sleep;

use crate::store::Store;

const OFTEN: Duration = Duration::from_millis(100);
/// Longer than it takes to come round three times.
const A_WHILE: Duration = Duration::from_millis(600);

#[tokio::test]
async fn what_is_gone_goes_by_itself_and_again() {
    let (store, _backend) = Store::new().await;
    let _sweeping = [store.backend(Some(OFTEN)).await, store.backend(Some(OFTEN)).await];
    for _ in 0..3 {
        store.expired_counters(1500);
        store.until("rate", 0).await;
    }
}

#[tokio::test]
async fn nobody_sweeps_where_nobody_is_to() {
    let (store, backend) = Store::new().await;
    store.expired_counters(1);
    sleep(A_WHILE).await;
    assert_eq!(store.count("rate"), 1);
    assert_eq!(backend.sweep().await.unwrap(), 1);
}

#[tokio::test]
async fn it_ends_with_a_shutdown() {
    let (store, _backend) = Store::new().await;
    let sweeping = store.backend(Some(OFTEN)).await;
    sweeping.shutdown().await.unwrap();
    store.expired_counters(1);
    sleep(A_WHILE).await;
    assert_eq!(store.count("rate"), 1);
}

#[tokio::test]
async fn it_ends_with_the_last_handle_and_its_connections_too() {
    let (store, backend) = Store::new().await;
    let sweeping = store.backend(Some(OFTEN)).await;
    let clone = sweeping.clone();
    drop(sweeping);
    store.expired_counters(1);
    store.until("rate", 0).await;
    drop((clone, backend));
    sleep(OFTEN).await;
    store.expired_counters(1);
    sleep(A_WHILE).await;
    assert_eq!(store.count("rate"), 1);
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    assert_eq!(store.number(others), 0);
}

#[tokio::test]
async fn it_goes_on_after_what_went_wrong() {
    let (store, _backend) = Store::new().await;
    let _sweeping = store.backend(Some(OFTEN)).await;
    let arguments = "(boolean, bigint, bigint, bigint)";
    store.ask(&format!("alter function limiter.sweep{arguments} rename to sweep_no_more"));
    store.expired_counters(1);
    sleep(A_WHILE).await;
    assert_eq!(store.count("rate"), 1);
    store.ask(&format!("alter function limiter.sweep_no_more{arguments} rename to sweep"));
    store.until("rate", 0).await;
    // Its connection is cut.
    store.ask(
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()",
    );
    store.expired_counters(1);
    store.until("rate", 0).await;
}

#[tokio::test]
async fn it_holds_no_connection_in_between() {
    let (store, _backend) = Store::new().await;
    let sweeping = store.backend(Some(Duration::from_secs(1))).await;
    store.expired_counters(1);
    store.until("rate", 0).await;
    let open = "select count(*) from pg_stat_activity where datname = current_database() \
                and state like 'idle in transaction%'";
    assert_eq!(store.number(open), 0);
    drop(sweeping);
}
