use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_layers::LeaseKeeper;
use tokio::time::{Instant, sleep, timeout};

use crate::store::{Fault, Operation, Store, TTL, is_told, poll_once, request, slot, slots, streams};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn it_gives_back_a_thousand_held_and_queued() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let held = slots(&keeper, 1000, TTL).await;
    let queued = slots(&keeper, 300, TTL).await;
    store.always(Operation::Release, Fault::Slow(50 * MS, 50 * MS));
    drop(queued);
    keeper.shutdown().await.unwrap();
    assert_eq!(store.held(&streams()).await, 0);
    for guard in &held {
        is_told(guard).await;
    }
    keeper.shutdown().await.expect("a second time");
    keeper.clone().shutdown().await.expect("by another handle");

    let error = keeper.acquire(&request(1, TTL)).await.expect_err("shut down");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("shut down"), "{error}");
    assert_eq!(store.count(Operation::Acquire), 1300, "the store isn't asked");
    for guard in held {
        assert!(!guard.release().await.unwrap());
    }
    drop(keeper);
    assert_eq!(Arc::strong_count(&store), 1, "nothing runs any more");
}

#[tokio::test(start_paused = true)]
async fn several_callers_at_once_get_the_same_answer() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let _held = slots(&keeper, 10, TTL).await;
    let (a, b, c) = tokio::join!(keeper.shutdown(), keeper.shutdown(), keeper.shutdown());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(store.held(&streams()).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_no_release_makes_it_err_in_time() {
    for fault in [Fault::Fails(ErrorKind::Unavailable), Fault::Fails(ErrorKind::Unsupported), Fault::Hangs] {
        let store = Store::new();
        let keeper = LeaseKeeper::new(store.clone());
        let _held = slots(&keeper, 7, TTL).await;
        store.always(Operation::Release, fault);
        let start = Instant::now();
        let (first, second) = tokio::join!(keeper.shutdown(), keeper.shutdown());
        assert!(start.elapsed() <= LeaseKeeper::SHUTDOWN_TIMEOUT + 10 * MS);
        let third = keeper.shutdown().await;
        for answer in [first, second, third] {
            let error = answer.expect_err("seven are held still");
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.message().starts_with("7 leases") && error.message().contains("TTL"), "{error}");
        }
        let calls = store.count(Operation::Release);
        sleep(TTL).await;
        assert_eq!(store.count(Operation::Release), calls, "nothing runs any more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_takes_all_before_it_ends() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let _held = slots(&keeper, 600, TTL).await;
    store.next(5, Operation::Release, Fault::Fails(ErrorKind::Unavailable));
    keeper.shutdown().await.unwrap();
    assert_eq!(store.held(&streams()).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_acquire_that_is_under_way_gets_nothing() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.always(Operation::Acquire, Fault::Slow(500 * MS, 500 * MS));
    let request = request(1, TTL);
    let (acquired, ended) = tokio::join!(keeper.acquire(&request), async {
        sleep(100 * MS).await;
        keeper.shutdown().await
    });
    assert_eq!(acquired.expect_err("shut down").kind(), ErrorKind::Unavailable);
    ended.unwrap();
    assert_eq!(store.held(&streams()).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_acquire_that_hangs_holds_it_up_no_longer_than_said() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.always(Operation::Acquire, Fault::Hangs);
    let request = request(1, TTL);
    let mut acquire = pin!(keeper.acquire(&request));
    assert!(timeout(MS, acquire.as_mut()).await.is_err());
    let start = Instant::now();
    assert!(keeper.shutdown().await.is_err(), "it may be granted still");
    assert!(start.elapsed() <= LeaseKeeper::SHUTDOWN_TIMEOUT + 10 * MS);
    let error = acquire.await.expect_err("shut down");
    assert!(error.may_have_charged() && error.to_string().contains("shut down"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_when_its_caller_goes() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    store.always(Operation::Release, Fault::Slow(50 * MS, 50 * MS));
    {
        let mut shutdown = pin!(keeper.shutdown());
        assert!(poll_once(shutdown.as_mut()).is_pending());
    }
    assert!(keeper.acquire(&request(1, TTL)).await.is_err());
    assert_eq!(store.count(Operation::Acquire), 1, "the store isn't asked any more");
    is_told(&guard).await;
    store.empties_within_a_second(&streams()).await;
    keeper.shutdown().await.unwrap();
}

#[test]
fn a_keeper_made_outside_a_runtime_says_so() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let keeper = LeaseKeeper::new(Store::new());
    let error = runtime.block_on(keeper.acquire(&request(1, TTL))).expect_err("no task");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!error.may_have_charged());
    assert!(error.to_string().contains("within a tokio runtime"), "{error}");
}
