use std::pin::pin;
use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_layers::{LeaseKeeper, Slot};
use tokio::time::{Instant, sleep, timeout};

use crate::store::{Fault, Operation, Store, TTL, poll_once, request, slot, streams};

const MS: Duration = Duration::from_millis(1);

/// Some numbers that look like chance, the same each time.
fn dice() -> impl FnMut(u32) -> u32 {
    let mut state = 0x2545_f491_u32;
    move |sides| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % sides
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_cancelled_at_random_against_a_slow_store_leave_nothing_held() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let mut dice = dice();
    let mut cancelled = 0;
    for _ in 0..200 {
        let slow = Fault::Slow(dice(20) * MS, dice(20) * MS);
        store.always(Operation::Acquire, slow);
        let patience = dice(45) * MS;
        let request = request(100_000, TTL);
        let acquire = keeper.acquire(&request);
        cancelled += usize::from(timeout(patience, acquire).await.is_err());
    }
    assert!((50..190).contains(&cancelled), "{cancelled} were cancelled");
    store.empties_within_a_second(&streams()).await;
    sleep(100 * MS).await;
    assert_eq!(store.held(&streams()).await, 0);
    assert!(store.count(Operation::Acquire) >= 190);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_aborted_on_other_threads_leave_nothing_held() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let mut dice = dice();
    store.always(Operation::Acquire, Fault::Slow(MS, MS));
    let callers: Vec<_> = (0..200)
        .map(|_| {
            let (keeper, wait) = (keeper.clone(), dice(6_000));
            let caller = tokio::spawn(async move { slot(&keeper, TTL).await });
            tokio::spawn(async move {
                sleep(Duration::from_micros(wait.into())).await;
                caller.abort();
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    sleep(10 * MS).await;
    store.empties_within_a_second(&streams()).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_cancelled_is_released_when_it_is_granted_and_not_before() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.next(1, Operation::Acquire, Fault::Slow(500 * MS, 500 * MS));
    let start = Instant::now();
    assert!(timeout(100 * MS, slot(&keeper, TTL)).await.is_err());
    sleep(600 * MS).await;
    assert_eq!(store.held(&streams()).await, 1, "granted at 500 ms");
    assert_eq!(store.count(Operation::Release), 0, "no release may overtake it");
    sleep(310 * MS).await;
    assert_eq!(store.held(&streams()).await, 0, "released {:?} in", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn cancelled_before_the_keeper_came_to_it_the_store_isnt_asked() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    {
        let request = request(1, TTL);
        let mut acquire = pin!(keeper.acquire(&request));
        assert!(poll_once(acquire.as_mut()).is_pending());
    }
    sleep(MS).await;
    assert_eq!(store.count(Operation::Acquire), 0);
}

#[tokio::test(start_paused = true)]
async fn an_acquire_whose_answer_was_lost_is_given_back_and_its_error_handed_up() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    for kind in [ErrorKind::Timeout, ErrorKind::Protocol] {
        store.next(1, Operation::Acquire, Fault::AnswerLost(kind));
        let error = keeper.acquire(&request(1, TTL)).await.expect_err("planted");
        assert_eq!((error.kind(), error.message()), (kind, "planted"));
        store.empties_within_a_second(&streams()).await;
    }
    let before = store.count(Operation::Release);
    store.next(1, Operation::Acquire, Fault::Fails(ErrorKind::Unavailable));
    assert!(keeper.acquire(&request(1, TTL)).await.is_err());
    sleep(MS).await;
    assert_eq!(store.count(Operation::Release), before, "nothing can be held");
}

#[tokio::test(start_paused = true)]
async fn an_acquire_that_hangs_ends_with_its_ttl() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.next(1, Operation::Acquire, Fault::Hangs);
    let start = Instant::now();
    let error = keeper.acquire(&request(1, TTL)).await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.may_have_charged());
    assert!(start.elapsed() <= TTL);
    sleep(MS).await;
    assert_eq!(store.count(Operation::Release), 1, "it may have been granted");
}

#[test]
fn an_answer_that_comes_when_the_ttl_has_passed_grants_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::new();
        let keeper = LeaseKeeper::new(store.clone());
        store.next(1, Operation::Acquire, Fault::Slow(Duration::ZERO, 20 * MS));
        let request = request(1, 60 * MS);
        let (answer, ()) = tokio::join!(keeper.acquire(&request), async {
            sleep(10 * MS).await;
            std::thread::sleep(80 * MS);
        });
        let error = answer.expect_err("its holder would rely on nothing");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        sleep(10 * MS).await;
        assert_eq!(store.count(Operation::Release), 1);
    });
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_is_an_error_and_the_keeper_goes_on() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    store.next(1, Operation::Acquire, Fault::Panics);
    let error = keeper.acquire(&request(1, TTL)).await.expect_err("planted");
    assert_eq!(error.kind(), ErrorKind::Internal);
    let guard = slot(&keeper, TTL).await;
    store.next(1, Operation::Release, Fault::Panics);
    assert_eq!(guard.release().await.unwrap_err().kind(), ErrorKind::Internal);
    assert!(slot(&keeper, TTL).await.release().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_nothing_and_is_told_as_it_is() {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let request = request(2, TTL);
    let first = keeper.acquire(&request).await.unwrap();
    let second = keeper.acquire(&request).await.unwrap();
    assert_eq!((first.in_use(), second.in_use()), ([1].as_slice(), [2].as_slice()));
    let Slot::Full(full) = keeper.acquire(&request).await.unwrap() else {
        panic!("one request asks for a lease of its own each time");
    };
    assert_eq!((full.denied_by, full.in_use), (0, vec![2]));
    drop(first);
    store.empties_to(&streams(), 1).await;
}
