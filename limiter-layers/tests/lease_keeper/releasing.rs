use std::pin::pin;
use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_layers::LeaseKeeper;
use tokio::time::sleep;

use crate::store::{Fault, Operation, Store, TTL, poll_once, slot, slots, streams};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn it_is_released_at_once_and_exactly_once() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let (guard, other) = (slot(&keeper, TTL).await, slot(&keeper, TTL).await);
    assert!(guard.release().await.unwrap());
    assert_eq!(store.held(&streams()).await, 1);
    sleep(3 * TTL).await;
    assert_eq!(store.count(Operation::Release), 1, "the drop after it sends nothing");
    assert!(!other.is_lost());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_release_releases() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let (unpolled, polled) = (slot(&keeper, TTL).await, slot(&keeper, TTL).await);
    drop(unpolled.release());
    {
        let mut release = pin!(polled.release());
        assert!(poll_once(release.as_mut()).is_pending());
    }
    store.empties_within_a_second(&streams()).await;
    let released: usize = store.calls(Operation::Release).iter().map(|call| call.leases).sum();
    assert_eq!(released, 2, "each once");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_gets_the_release_later() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    for fault in [Fault::Fails(ErrorKind::Unavailable), Fault::AnswerLost(ErrorKind::Timeout), Fault::Hangs] {
        let guard = slot(&keeper, TTL).await;
        store.next(4, Operation::Release, fault);
        let error = guard.release().await.unwrap_err();
        assert!(error.is_transient() && error.to_string().contains("tries again"), "{error}");
        sleep(12 * S).await;
        assert_eq!(store.held(&streams()).await, 0);
    }
    assert_eq!(store.count(Operation::Release), 15, "four failed, one went through");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_it_sees_few_calls_and_none_once_the_ttl_has_passed() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.always(Operation::Release, Fault::Fails(ErrorKind::Unavailable));
    drop(slots(&keeper, 1000, TTL).await);
    sleep(TTL + S).await;
    let calls = store.count(Operation::Release);
    assert!((20..=90).contains(&calls), "{calls} calls");
    sleep(TTL).await;
    assert_eq!(store.count(Operation::Release), calls);
    assert_eq!(store.held(&streams()).await, 0, "the TTL freed them");
    store.always(Operation::Release, Fault::None);
    keeper.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_for_good_isnt_asked_again() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    store.always(Operation::Release, Fault::Fails(ErrorKind::Unsupported));
    assert_eq!(guard.release().await.unwrap_err().kind(), ErrorKind::Unsupported);
    sleep(TTL).await;
    assert_eq!(store.count(Operation::Release), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_leaves_leases_out_is_an_error() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    store.next(1, Operation::Release, Fault::AnswersTooFew);
    let error = guard.release().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_sees_eight_calls_at_a_time_at_most() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.next(9, Operation::Release, Fault::Hangs);
    for guard in slots(&keeper, 10, TTL).await {
        drop(guard);
        sleep(MS).await;
    }
    sleep(S).await;
    assert_eq!(store.count(Operation::Release), 8);
    sleep(5 * S).await;
    assert_eq!(store.held(&streams()).await, 0);
}

#[tokio::test(start_paused = true)]
async fn leases_on_which_the_store_hangs_take_no_other_along_when_they_are_tried_again() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    for stuck in slots(&keeper, 6, TTL).await {
        store.hang_on(stuck.id());
        drop(stuck);
        sleep(MS).await;
    }
    let mut fresh = slot(&keeper, TTL).await;
    for ms in 1..4_300 {
        sleep(MS).await;
        assert_eq!(store.held(&streams()).await, 7, "another one than these hangs after {ms} ms");
        drop(fresh);
        fresh = slot(&keeper, TTL).await;
    }
}
