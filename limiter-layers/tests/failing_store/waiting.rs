use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Charge, Decision, ErrorKind, Key, LeaseRequest, Limit, Outcome, RateLimiter, Receipt,
    Result, Retry, Scope, SlotLimiter, SlotLimiterExt, Source, limit,
};
use limiter_layers::{LeaseKeeper, Slot, Waiters};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};

use crate::store::{Fault, Store, poll_once};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);
/// One hit in 10 s.
const RARE: Limit = limit!("bucket 1/10s burst 1");
const TTL: Duration = Duration::from_secs(600);

fn key() -> Key {
    Key::new("mails", "u1").unwrap()
}

/// One hit on [`RARE`], until so long from now.
async fn hit(waiters: &Waiters, store: &Store, within: Duration) -> Result<Decision> {
    let key = key();
    let charges = [Charge::new(&key, &RARE)];
    let call = waiters.hit_until(store, &charges, Instant::now() + within);
    timeout(within + S, call).await.expect("in time")
}

/// The same as a task of its own.
fn spawn_hit(calls: &mut JoinSet<bool>, waiters: &Waiters, store: &Arc<Store>, within: Duration) {
    let (waiters, store) = (waiters.clone(), Arc::clone(store));
    calls.spawn(async move { hit(&waiters, &store, within).await.unwrap().is_allowed() });
}

#[tokio::test(start_paused = true)]
async fn a_denied_hit_waits_as_long_as_it_is_told_and_a_little_longer() {
    let (store, waiters) = (Store::new(), Waiters::new(1));
    assert!(hit(&waiters, &store, 60 * S).await.unwrap().is_allowed());
    let start = Instant::now();
    assert!(hit(&waiters, &store, 60 * S).await.unwrap().is_allowed());
    let took = start.elapsed();
    assert!((10 * S..=10 * S + 251 * MS).contains(&took), "{took:?}");
    assert_eq!(store.count(), 3, "asked once more, when it fits");
    assert_eq!(waiters.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn those_who_were_told_the_same_wait_dont_wake_at_once() {
    let (store, waiters) = (Store::new(), Waiters::new(100));
    assert!(hit(&waiters, &store, S).await.unwrap().is_allowed());
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        spawn_hit(&mut calls, &waiters, &store, 11 * S);
    }
    sleep(11 * S).await;
    let mut woken: Vec<_> = store.times().split_off(101);
    assert!(woken.len() >= 100, "each was denied, and tried again");
    woken.truncate(100);
    assert!(woken.iter().all(|at| *at >= 10 * S), "{:?} is too early", woken[0]);
    let spread = woken[99] - woken[0];
    assert!((150 * MS..=251 * MS).contains(&spread), "{spread:?}");
    woken.dedup();
    assert!(woken.len() > 50, "{} moments", woken.len());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_just_fits_isnt_made_too_long_by_its_jitter() {
    for _ in 0..20 {
        let (store, waiters) = (Store::new(), Waiters::new(1));
        assert!(hit(&waiters, &store, S).await.unwrap().is_allowed());
        let start = Instant::now();
        assert!(hit(&waiters, &store, 10 * S).await.unwrap().is_allowed());
        assert_eq!(start.elapsed(), 10 * S);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_doesnt_fit_isnt_begun() {
    let (store, waiters) = (Store::new(), Waiters::new(1));
    assert!(hit(&waiters, &store, S).await.unwrap().is_allowed());
    for within in [10 * S - MS, Duration::ZERO] {
        let start = Instant::now();
        let decision = hit(&waiters, &store, within).await.unwrap();
        assert_eq!(decision.retry_after(), Some(Retry::After(10 * S)), "the denial is told as it was");
        assert_eq!((start.elapsed(), waiters.waiting()), (Duration::ZERO, 0));
    }
    assert_eq!(store.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_never_fits_isnt_waited_for() {
    let (store, waiters, key) = (Store::new(), Waiters::new(1), key());
    let start = Instant::now();
    let charges = [Charge::new(&key, &RARE).with_cost(2)];
    let decision = waiters.hit_until(&*store, &charges, start + 3600 * S).await.unwrap();
    assert_eq!(decision.retry_after(), Some(Retry::Never));
    assert_eq!((start.elapsed(), store.count()), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn where_all_places_are_taken_the_denial_is_the_answer_at_once() {
    let (store, waiters) = (Store::new(), Waiters::new(3));
    assert!(hit(&waiters, &store, S).await.unwrap().is_allowed());
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        spawn_hit(&mut calls, &waiters, &store, 100 * S);
    }
    sleep(MS).await;
    assert_eq!(waiters.waiting(), 3);
    let start = Instant::now();
    for waiters in [waiters.clone(), Waiters::new(0)] {
        assert!(!hit(&waiters, &store, 100 * S).await.unwrap().is_allowed());
    }
    let (other, free) = (Key::new("mails", "u2").unwrap(), waiters.clone());
    let charges = [Charge::new(&other, &RARE)];
    let decision = free.hit_until(&*store, &charges, start).await.unwrap();
    assert!(decision.is_allowed(), "who needn't wait needs no place");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(calls.join_all().await, [true; 3]);
    assert_eq!(waiters.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_goes_leaves_its_place_and_takes_nothing() {
    let (store, waiters) = (Store::new(), Waiters::new(1));
    assert!(hit(&waiters, &store, S).await.unwrap().is_allowed());
    for _ in 0..100 {
        let gone = timeout(5 * MS, hit(&waiters, &store, 60 * S)).await;
        assert!(gone.is_err());
        assert_eq!(waiters.waiting(), 0);
    }
    let before = store.count();
    sleep(20 * S).await;
    assert_eq!(store.count(), before, "nobody asks for those who have gone");
    assert!(hit(&waiters, &store, Duration::ZERO).await.unwrap().is_allowed());
}

#[tokio::test(start_paused = true)]
async fn all_get_through_though_many_go_meanwhile() {
    const QUICK: Limit = limit!("bucket 10/s burst 1");
    let (store, waiters) = (Store::new(), Waiters::new(300));
    let mut calls = JoinSet::new();
    for nth in 0..300_u32 {
        let (store, waiters) = (Arc::clone(&store), waiters.clone());
        calls.spawn(async move {
            let key = key();
            let charges = [Charge::new(&key, &QUICK)];
            let call = waiters.hit_until(&*store, &charges, Instant::now() + 60 * S);
            let patience = if nth % 3 == 0 { (nth + 1) * MS } else { 60 * S };
            timeout(patience, call).await.map(|answer| answer.unwrap().is_allowed()).ok()
        });
    }
    let through = calls.join_all().await.iter().filter(|answer| **answer == Some(true)).count();
    assert!((200..=204).contains(&through), "{through} got through");
    assert_eq!(waiters.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_the_waiting() {
    let (store, waiters) = (Store::new(), Waiters::new(1));
    assert!(hit(&waiters, &store, S).await.unwrap().is_allowed());
    store.next([Fault::None, Fault::Fails(ErrorKind::Timeout)]);
    assert_eq!(hit(&waiters, &store, 60 * S).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!((store.count(), waiters.waiting()), (3, 0));
}

/// Denies all, with the same wait.
#[derive(Debug)]
struct Denying {
    wait_ms: u64,
    asked: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl RateLimiter for Denying {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.peek(charges).await
    }

    async fn peek(&self, _: &[Charge<'_>]) -> Result<Decision> {
        let before = self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        assert!(before < 1000, "asked without end");
        Ok(Decision::of_one(Source::Overflow, Outcome::refused(0, 0, 0, Some(self.wait_ms))))
    }

    async fn refund(&self, _: Receipt) -> Result<()> {
        Ok(())
    }

    async fn reset(&self, _: &Key, _: &Limit) -> Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_shortest_and_the_longest_wait_do_no_harm() {
    let waiters = Waiters::new(1);
    for (wait_ms, at_most) in [(0, 52), (u64::MAX - 2, 1)] {
        let denying = Denying { wait_ms, asked: 0.into() };
        let (key, start) = (key(), Instant::now());
        let charges = [Charge::new(&key, &RARE)];
        let call = waiters.hit_until(&denying, &charges, start + 50 * MS);
        assert!(!timeout(S, call).await.expect("in time").unwrap().is_allowed());
        assert!(start.elapsed() <= 51 * MS);
        let asked = denying.asked.into_inner();
        assert!((1..=at_most).contains(&asked), "asked {asked} times");
    }
}

fn request(cap: u64) -> LeaseRequest {
    LeaseRequest::new([Scope::new(Key::all("streams").unwrap(), 9), Scope::new(key(), cap)], TTL).unwrap()
}

/// A keeper of which the one slot is held.
async fn taken() -> (Arc<Store>, LeaseKeeper, limiter_layers::SlotGuard) {
    let store = Store::new();
    let keeper = LeaseKeeper::new(store.clone());
    let guard = keeper.acquire(&request(1)).await.unwrap().into_result().unwrap();
    (store, keeper, guard)
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_gets_free_is_taken_within_a_second() {
    for held_for in [30 * MS, 700 * MS, 30 * S] {
        let ((_store, keeper, guard), waiters) = (taken().await, Waiters::new(1));
        let start = Instant::now();
        let (request, handle) = (request(1), waiters.clone());
        let waiting = async { handle.acquire_until(&keeper, &request, start + 60 * S).await.unwrap() };
        let leaving = async {
            sleep(held_for).await;
            assert!(guard.release().await.unwrap());
        };
        let (slot, ()) = tokio::join!(waiting, leaving);
        assert!(matches!(slot, Slot::Acquired(_)));
        let took = start.elapsed();
        assert!(took >= held_for && took <= held_for * 2 + 40 * MS && took <= held_for + S, "{took:?}");
        assert_eq!(waiters.waiting(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_scope_is_asked_ever_less_often_and_a_last_time_just_before_the_deadline() {
    let ((store, keeper, _guard), waiters) = (taken().await, Waiters::new(1));
    let start = Instant::now();
    let slot = waiters.acquire_until(&keeper, &request(1), start + 60 * S).await.unwrap();
    let Slot::Full(full) = slot else { panic!("it is held") };
    assert_eq!((full.denied_by, full.in_use), (1, vec![1, 1]));
    assert!((60 * S - 10 * MS..60 * S).contains(&start.elapsed()), "{:?}", start.elapsed());
    let times = store.times().split_off(1);
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((10 * MS..=21 * MS).contains(&pauses[0]), "{:?}", pauses[0]);
    let steady = &pauses[6..pauses.len() - 1];
    assert!(steady.iter().all(|pause| (500 * MS..=1001 * MS).contains(pause)), "{steady:?}");
    assert!(steady.iter().max().unwrap().saturating_sub(*steady.iter().min().unwrap()) > 200 * MS);
    assert!(times.len() < 130, "{} times", times.len());
}

#[tokio::test(start_paused = true)]
async fn more_permits_than_a_cap_are_asked_for_once() {
    let (store, waiters) = (Store::new(), Waiters::new(1));
    let request = request(2).with_permits(3).unwrap();
    let start = Instant::now();
    let answer = waiters.acquire_lease_until(&*store, &request, start + 60 * S).await.unwrap();
    assert!(!answer.is_acquired());
    assert_eq!((start.elapsed(), store.count()), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_near_or_over_leaves_one_try() {
    let ((store, keeper, guard), waiters) = (taken().await, Waiters::new(1));
    for within in [Duration::ZERO, 9 * MS] {
        let (before, start) = (store.count(), Instant::now());
        let slot = waiters.acquire_until(&keeper, &request(1), start + within).await.unwrap();
        assert!(!slot.is_acquired());
        assert_eq!((store.count() - before, start.elapsed()), (1, Duration::ZERO));
    }
    assert!(guard.release().await.unwrap());
    let slot = waiters.acquire_until(&keeper, &request(1), Instant::now()).await.unwrap();
    assert!(slot.is_acquired());
}

#[tokio::test(start_paused = true)]
async fn slots_and_rates_have_the_same_places() {
    let ((store, keeper, _guard), waiters) = (taken().await, Waiters::new(1));
    assert!(hit(&waiters, &store, S).await.unwrap().is_allowed());
    let request = request(1);
    let mut waiting = pin!(waiters.acquire_until(&keeper, &request, Instant::now() + 60 * S));
    assert!(timeout(5 * S, waiting.as_mut()).await.is_err());
    assert_eq!(waiters.waiting(), 1);
    let start = Instant::now();
    assert!(!hit(&waiters, &store, 60 * S).await.unwrap().is_allowed());
    let call = waiters.acquire_lease_until(&*store, &request, start + 60 * S);
    let lease = timeout(70 * S, call).await.expect("in time").unwrap();
    assert!(!lease.is_acquired());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_acquire_that_is_cancelled_leaves_its_place_and_no_slot() {
    let ((store, keeper, guard), waiters) = (taken().await, Waiters::new(1));
    let request = request(1);
    store.next([Fault::None]);
    {
        let mut waiting = pin!(waiters.acquire_until(&keeper, &request, Instant::now() + 60 * S));
        assert!(timeout(100 * MS, waiting.as_mut()).await.is_err());
        assert!(guard.release().await.unwrap());
        store.always(Fault::Slow(300 * MS, 300 * MS));
        assert!(timeout(300 * MS, waiting.as_mut()).await.is_err(), "dropped while the store is asked");
        assert!(store.under_way() > 0);
    }
    assert_eq!(waiters.waiting(), 0);
    sleep(2 * S).await;
    assert_eq!((store.under_way(), store.held(&key()).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_the_waiting_for_a_slot() {
    let ((store, keeper, _guard), waiters) = (taken().await, Waiters::new(1));
    store.next([Fault::None, Fault::None, Fault::Fails(ErrorKind::Unavailable)]);
    let error = waiters.acquire_until(&keeper, &request(1), Instant::now() + 60 * S).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!((store.count(), waiters.waiting()), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_keeper_the_lease_is_the_callers() {
    let (store, waiters) = (Store::new(), Waiters::new(1));
    let (first, second) = (request(1), request(1));
    assert!(store.acquire(&first).await.unwrap().is_acquired());
    let mut waiting = pin!(waiters.acquire_lease_until(&*store, &second, Instant::now() + 60 * S));
    assert!(poll_once(waiting.as_mut()).is_pending());
    advance(S).await;
    assert!(store.release_one(&first.lease()).await.unwrap());
    let Acquisition::Acquired(acquired) = waiting.await.unwrap() else { panic!("it is free") };
    assert_eq!(acquired.lease, second.lease());
}
