use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use limiter_layers::LeaseKeeper;
use tokio::runtime::{self, Runtime};
use tokio::time::{Instant, sleep};

use crate::store::{Fault, Operation, Store, TTL, slot, slots, streams};

const MS: Duration = Duration::from_millis(1);

fn runtime() -> Runtime {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn current_thread() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

static PANICS_IN_KEEPER: AtomicUsize = AtomicUsize::new(0);

/// Counts panics that come out of the package's own files: a runtime that shuts down swallows them otherwise.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_some_and(|at| !at.file().contains("tests/")) {
                PANICS_IN_KEEPER.fetch_add(1, Ordering::SeqCst);
            }
            before(panic);
        }));
    });
}

fn assert_nothing_panicked() {
    assert_eq!(PANICS_IN_KEEPER.load(Ordering::SeqCst), 0);
}

#[test]
fn on_a_thread_without_a_runtime_in_a_panic_and_in_another_runtime() {
    count_panics();
    let keepers = runtime();
    let (store, keeper) = keepers.block_on(async {
        let store = Store::new();
        (store.clone(), LeaseKeeper::new(store))
    });
    let get = || keepers.block_on(slot(&keeper, TTL));
    let empties = || keepers.block_on(store.empties_within_a_second(&streams()));

    let guard = get();
    std::thread::spawn(move || drop(guard)).join().unwrap();
    empties();

    let guard = get();
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _held = guard;
        panic!("planted: the holder panics");
    }));
    assert!(panicked.is_err());
    empties();

    let guard = get();
    current_thread().block_on(async move { drop(guard) });
    empties();
    assert_nothing_panicked();
}

#[test]
fn with_the_runtime_of_500_holders_while_the_keeper_lives() {
    count_panics();
    for holders in [runtime(), current_thread()] {
        let keepers = runtime();
        let (store, _keeper, guards) = keepers.block_on(async {
            let store = Store::new();
            let keeper = LeaseKeeper::new(store.clone());
            let guards = slots(&keeper, 500, TTL).await;
            (store, keeper, guards)
        });
        holders.block_on(async {
            for guard in guards {
                drop(tokio::spawn(async move { guard.lost().await }));
            }
            sleep(5 * MS).await;
        });
        assert_eq!(keepers.block_on(store.held(&streams())), 500);
        drop(holders);
        keepers.block_on(store.empties_within_a_second(&streams()));
    }
    assert_nothing_panicked();
}

#[test]
fn with_the_keepers_own_runtime_the_ttl_frees_what_it_could_not() {
    count_panics();
    let ttl = 300 * MS;
    for keepers in [runtime(), current_thread()] {
        let (store, keeper, one_more) = keepers.block_on(async {
            let store = Store::new();
            let keeper = LeaseKeeper::new(store.clone());
            for guard in slots(&keeper, 500, ttl).await {
                drop(tokio::spawn(async move { guard.lost().await }));
            }
            let one_more = slot(&keeper, ttl).await;
            sleep(5 * MS).await;
            (store, keeper, one_more)
        });
        let start = Instant::now();
        drop(keepers);
        drop(one_more);
        drop(keeper);
        let later = current_thread();
        later.block_on(async {
            while store.held(&streams()).await > 0 {
                assert!(start.elapsed() < ttl + Duration::from_secs(1));
                sleep(10 * MS).await;
            }
        });
    }
    assert_nothing_panicked();
}

#[test]
fn after_the_keeper_was_shut_down() {
    count_panics();
    let keepers = runtime();
    let (store, keeper, guards) = keepers.block_on(async {
        let store = Store::new();
        let keeper = LeaseKeeper::new(store.clone());
        let guards = slots(&keeper, 20, TTL).await;
        keeper.shutdown().await.unwrap();
        (store, keeper, guards)
    });
    std::thread::spawn(move || drop(guards)).join().unwrap();
    assert_eq!(keepers.block_on(store.held(&streams())), 0);
    drop(keeper);
    assert_nothing_panicked();
}

#[tokio::test(start_paused = true)]
async fn many_go_back_in_few_calls() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guards = slots(&keeper, 1200, TTL).await;
    drop(guards);
    store.empties_within_a_second(&streams()).await;
    let sizes: Vec<_> = store.calls(Operation::Release).iter().map(|call| call.leases).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 1200, "each once");
    assert!(sizes.len() <= 6 && sizes.iter().all(|size| *size <= 500), "{sizes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_hangs_holds_up_no_other() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let (first, second) = (slot(&keeper, TTL).await, slot(&keeper, TTL).await);
    store.next(1, Operation::Release, Fault::Hangs);
    drop(first);
    sleep(10 * MS).await;
    drop(second);
    sleep(10 * MS).await;
    assert_eq!(store.held(&streams()).await, 1, "the second is free");
    sleep(3 * Duration::from_secs(1)).await;
    assert_eq!(store.held(&streams()).await, 0, "the first was tried again");
}

#[tokio::test(start_paused = true)]
async fn the_keepers_task_ends_with_the_last_handle_and_the_last_guard() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = slot(&keeper, TTL).await;
    drop(keeper.clone());
    drop(keeper);
    sleep(3 * TTL).await;
    assert!(!guard.is_lost(), "it is kept without a handle");
    assert!(Arc::strong_count(&store) > 1);
    store.next(3, Operation::Release, Fault::Fails(limiter_core::ErrorKind::Unavailable));
    drop(guard);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(store.held(&streams()).await, 0, "it is released first");
    assert_eq!(Arc::strong_count(&store), 1, "the task has ended");
}
