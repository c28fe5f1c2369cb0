use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_layers::{LeaseKeeper, Slot, SlotGuard};
use tokio::runtime;
use tokio::time::{Instant, advance, sleep, timeout};

use crate::store::{Fault, Operation, Store, TTL, is_told, poll_once, request, slot, streams};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn everybody_who_waits_is_told_as_soon_as_the_store_says_it_is_not_live() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    let start = Instant::now();
    store.forget(guard.lease()).await;
    assert!(!guard.is_lost(), "nobody can know yet");
    timeout(TTL / 3 + 20 * MS, async { tokio::join!(guard.lost(), guard.lost(), guard.lost()) })
        .await
        .expect("told at the first renewal");
    assert!(start.elapsed() >= TTL / 4);
    is_told(&guard).await;
}

/// Tells how long after `start` the lease was lost, and asserts that the store's lease was live until then.
async fn lost_before_the_store_frees_it(store: &Store, guard: &SlotGuard) -> Duration {
    let (start, expiry) = (Instant::now(), store.first_expiry().await);
    is_told(guard).await;
    assert!(Instant::now() < expiry, "told too late");
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn it_is_lost_when_renewals_fail_or_hang_until_it_runs_out() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let faults = [
        Fault::Fails(ErrorKind::Unavailable),
        Fault::Fails(ErrorKind::Protocol),
        Fault::Hangs,
        Fault::Panics,
    ];
    for ttl in [TTL, 50 * MS] {
        for fault in faults {
            let guard = slot(&keeper, ttl).await;
            store.always(Operation::Renew, fault);
            let after = lost_before_the_store_frees_it(&store, &guard).await;
            assert!(after > ttl * 9 / 10, "{fault:?}: given up after {after:?} of {ttl:?}");
            drop(guard);
            store.always(Operation::Renew, Fault::None);
            store.empties_within_a_second(&streams()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_hang_are_given_up_in_the_end() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let before = Arc::strong_count(&store);
    let guard = slot(&keeper, TTL).await;
    store.always(Operation::Renew, Fault::Hangs);
    is_told(&guard).await;
    assert!((3..=8).contains(&store.count(Operation::Renew)));
    sleep(TTL).await;
    assert_eq!(Arc::strong_count(&store), before, "no call is left");
}

#[tokio::test(start_paused = true)]
async fn the_time_counts_from_before_the_store_was_asked() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.next(1, Operation::Acquire, Fault::Slow(Duration::ZERO, TTL / 3));
    let guard = slot(&keeper, TTL).await;
    store.always(Operation::Renew, Fault::Fails(ErrorKind::Unavailable));
    let after = lost_before_the_store_frees_it(&store, &guard).await;
    assert!(after > TTL / 2, "most of it was left, not only {after:?}");

    store.next(1, Operation::Renew, Fault::Slow(Duration::ZERO, TTL / 4));
    let guard = slot(&keeper, TTL).await;
    sleep(TTL * 5 / 8).await;
    store.always(Operation::Renew, Fault::Fails(ErrorKind::Unavailable));
    lost_before_the_store_frees_it(&store, &guard).await;
}

#[tokio::test(start_paused = true)]
async fn a_holder_whose_renewal_was_executed_but_not_answered_learns_that_it_is_lost_for_good() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    let expiry = store.first_expiry().await;
    store.always(Operation::Renew, Fault::Slow(Duration::ZERO, TTL * 9 / 10));
    sleep(TTL / 2).await;
    assert!(store.first_expiry().await > expiry, "the store has renewed it");
    is_told(&guard).await;
    assert!(Instant::now() < expiry);
    store.empties_within_a_second(&streams()).await;
    sleep(2 * TTL).await;
    assert!(guard.is_lost(), "no late answer brings it back");
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_slept_through_its_ttl_learns_so() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    advance(2 * TTL).await;
    assert!(guard.is_lost());
    is_told(&guard).await;
    sleep(TTL).await;
    assert!(guard.is_lost());
    assert_eq!(store.held(&streams()).await, 0, "nothing brought it back");
    drop(guard);
    sleep(TTL).await;
    assert_eq!(store.count(Operation::Release), 1, "by the keeper, when it was lost");
}

#[test]
fn a_holder_whose_whole_runtime_stood_still_learns_so_at_once() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::new();
        let keeper = LeaseKeeper::new(store.clone());
        let guard = slot(&keeper, 200 * MS).await;
        std::thread::sleep(210 * MS);
        assert!(guard.is_lost(), "before the keeper's task has run");
        sleep(30 * MS).await;
        assert!(guard.is_lost());
        assert_eq!(store.count(Operation::Renew), 0, "it isn't renewed any more");
        assert_eq!(store.held(&streams()).await, 0);
    });
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_listening_may_listen_again() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    store.forget(guard.lease()).await;
    let mut ticks = 0;
    loop {
        tokio::select! {
            () = guard.lost() => break,
            () = sleep(7 * MS) => ticks += 1,
        }
        assert!(ticks < 2_000, "never told");
    }
    let mut again = pin!(guard.lost());
    assert!(poll_once(again.as_mut()).is_ready());
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_frees_nobody_else() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let only_one = request(1, TTL);
    let lost = keeper.acquire(&only_one).await.unwrap().into_result().unwrap();
    store.forget(lost.lease()).await;
    let holder = keeper.acquire(&only_one).await.unwrap().into_result().unwrap();
    is_told(&lost).await;
    assert!(!lost.release().await.unwrap());
    sleep(2 * TTL).await;
    assert!(!holder.is_lost());
    assert_eq!(store.held(&streams()).await, 1);
    let third = keeper.acquire(&only_one).await.unwrap();
    assert!(matches!(third, Slot::Full(_)));
}

#[test]
fn when_the_keepers_runtime_ends_its_holders_are_told() {
    let keepers = runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (keeper, guard) = keepers.block_on(async {
        let keeper = LeaseKeeper::new(Store::new());
        let guard = slot(&keeper, TTL).await;
        (keeper, guard)
    });
    let holders = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let waiting = std::thread::spawn(move || {
        holders.block_on(is_told(&guard));
        guard
    });
    std::thread::sleep(20 * MS);
    assert!(!waiting.is_finished());
    drop(keepers);
    let guard = waiting.join().unwrap();
    assert!(guard.is_lost());

    let others = runtime::Builder::new_current_thread().build().unwrap();
    let error = others.block_on(guard.release()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let error = others.block_on(keeper.acquire(&request(1, TTL))).expect_err("nobody would renew it");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("LeaseKeeper::new"), "{error}");
    assert!(others.block_on(keeper.shutdown()).is_err());
}
