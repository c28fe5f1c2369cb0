//! The comfort over the traits, and the traits through pointers.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

mod recorder;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Backend, Charge, Clock, Control, Decision, Error, ErrorKind, Key, Lease, LeaseId, LeaseRequest, Limit,
    ManualClock, Period, Quota, QuotaCharge, QuotaTracker, QuotaTrackerExt, RateLimiter, RateLimiterExt,
    Receipt, Reservation, Result, Scope, SlotLimiter, SlotLimiterExt, Source,
};

use crate::recorder::{Recorder, STANDING, decision};

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The answer of a future that doesn't wait.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

fn words() -> (Key, Limit, Quota) {
    let limit = Limit::fixed_window(5, Duration::from_secs(60)).unwrap();
    (Key::new("chat", "u1").unwrap(), limit, Quota::new(9, Period::Day).unwrap())
}

fn lease() -> Lease {
    let key = Key::all("streams").unwrap();
    Lease::new(LeaseId::parse("lease-1").unwrap(), [key], Duration::from_secs(30)).unwrap()
}

#[test]
fn a_hit_that_is_answered_at_once_is_ready_at_the_first_poll_and_asks_nothing_else() {
    let (limiter, (key, limit, _)) = (Recorder::immediate(), words());
    let one = at_once(limiter.hit_one(&key, &limit)).unwrap();
    assert_eq!(one, decision(13));
    assert_eq!(limiter.asked(), ["hit_now u1x1/5"]);
    assert_eq!(at_once(limiter.hit_cost(&key, &limit, 4)).unwrap(), decision(13));
    assert_eq!(limiter.asked(), ["hit_now u1x4/5"]);
    let charges = [Charge::new(&key, &limit), Charge::new(&key, &limit).with_cost(2)];
    assert_eq!(at_once(limiter.hit_all(&charges)).unwrap(), decision(13));
    assert_eq!(limiter.asked(), ["hit_now u1x1/5 u1x2/5"]);
}

#[test]
fn a_hit_that_has_to_wait_is_asked_for_once_however_often_it_is_polled() {
    let (limiter, (key, limit, _)) = (Recorder::waiting(2), words());
    let charges = [Charge::new(&key, &limit).with_cost(3)];
    let mut hit = limiter.hit_all(&charges);
    assert!(poll(&mut hit).is_pending());
    assert!(poll(&mut hit).is_pending());
    assert_eq!(poll(&mut hit).map(Result::unwrap), Poll::Ready(decision(11)));
    assert_eq!(limiter.asked(), ["hit_now u1x3/5", "hit u1x3/5"]);
    assert_eq!(at_once(limiter.hit_one(&key, &limit)).unwrap(), decision(11));
    assert_eq!(limiter.asked(), ["hit_now u1x1/5", "hit u1x1/5"]);
}

#[test]
fn a_hit_that_is_never_polled_asks_nothing() {
    let (limiter, (key, limit, _)) = (Recorder::immediate(), words());
    drop(limiter.hit_one(&key, &limit));
    assert!(limiter.asked().is_empty());
}

#[test]
fn an_error_that_is_known_at_once_is_the_answer() {
    #[derive(Debug)]
    struct Refusing;

    #[async_trait]
    impl RateLimiter for Refusing {
        async fn hit(&self, _: &[Charge<'_>]) -> Result<Decision> {
            unreachable!("the answer was known at once")
        }
        async fn peek(&self, _: &[Charge<'_>]) -> Result<Decision> {
            unreachable!()
        }
        async fn refund(&self, _: Receipt) -> Result<()> {
            unreachable!()
        }
        async fn reset(&self, _: &Key, _: &Limit) -> Result<()> {
            unreachable!()
        }
        fn hit_now(&self, _: &[Charge<'_>]) -> Option<Result<Decision>> {
            Some(Err(Error::new(ErrorKind::Capacity, "full")))
        }
    }

    let (key, limit, _) = words();
    let error = at_once(Refusing.hit_one(&key, &limit)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity);
}

/// Calls every method of the three traits and tells what arrived.
fn everything<L: RateLimiter + SlotLimiter + QuotaTracker>(limiter: &L, recorder: &Recorder) -> Vec<String> {
    let (key, limit, quota) = words();
    let charges = [Charge::new(&key, &limit)];
    let mut receipt = Receipt::new(Source::Store);
    receipt.add(&charges[0], 5).unwrap();
    let request = LeaseRequest::new([Scope::new(key.clone(), 2)], Duration::from_secs(1)).unwrap();
    let reservation =
        Reservation::new([QuotaCharge::new(key.clone(), quota, 4)], Duration::from_secs(1)).unwrap();
    assert_eq!(at_once(limiter.hit(&charges)).unwrap(), decision(11));
    assert_eq!(at_once(limiter.peek(&charges)).unwrap(), decision(12));
    at_once(limiter.refund(receipt)).unwrap();
    at_once(RateLimiter::reset(limiter, &key, &limit)).unwrap();
    assert_eq!(limiter.hit_now(&charges).unwrap().unwrap(), decision(13));
    assert!(at_once(limiter.acquire(&request)).unwrap().is_acquired());
    assert_eq!(at_once(limiter.renew(&[lease(), lease()])).unwrap(), [true, true]);
    assert_eq!(at_once(limiter.release(&[lease()])).unwrap(), [true]);
    assert_eq!(at_once(limiter.in_use(&key)).unwrap(), 3);
    assert!(at_once(limiter.leases(&key)).unwrap().is_empty());
    assert_eq!(at_once(limiter.check(&key, &quota)).unwrap(), STANDING);
    assert_eq!(at_once(limiter.record(&key, &quota, 6)).unwrap(), STANDING);
    assert!(at_once(limiter.reserve(&reservation)).unwrap().is_granted());
    assert_eq!(at_once(limiter.settle(&reservation.cancellation())).unwrap(), [STANDING]);
    at_once(QuotaTracker::reset(limiter, &key, &quota)).unwrap();
    recorder.asked()
}

#[test]
fn every_method_arrives_through_every_pointer() {
    let recorder = Arc::new(Recorder::immediate());
    let wanted = everything(&*recorder, &recorder);
    assert_eq!(wanted.len(), 15, "{wanted:?}");
    let leaked: &'static Recorder = Box::leak(Box::new(Recorder::immediate()));
    assert_eq!(everything(&leaked, leaked), wanted);
    assert_eq!(everything(&recorder, &recorder), wanted);
    assert_eq!(everything(&Box::new(recorder.clone()), &recorder), wanted);
    assert_eq!(everything(&Arc::new(Box::new(recorder.clone())), &recorder), wanted);
}

#[test]
fn behind_dyn_a_hit_is_still_answered_at_once() {
    let (recorder, (key, limit, _)) = (Arc::new(Recorder::immediate()), words());
    let shared: Arc<dyn RateLimiter> = recorder.clone();
    let boxed: Box<dyn RateLimiter> = Box::new(recorder.clone());
    let leaked: &'static dyn RateLimiter = Box::leak(Box::new(recorder.clone()));
    assert_eq!(at_once(shared.hit_one(&key, &limit)).unwrap(), decision(13));
    assert_eq!(at_once(boxed.hit_one(&key, &limit)).unwrap(), decision(13));
    assert_eq!(at_once(leaked.hit_one(&key, &limit)).unwrap(), decision(13));
    assert_eq!(at_once(RateLimiterExt::hit_one(&shared, &key, &limit)).unwrap(), decision(13));
    assert_eq!(recorder.asked(), ["hit_now u1x1/5"; 4]);
}

/// The traits stay object-safe, and their futures can be sent.
#[test]
fn the_traits_are_object_safe_and_their_futures_can_be_sent() {
    fn pinned(
        _: &dyn RateLimiter,
        _: &dyn SlotLimiter,
        _: &dyn QuotaTracker,
        _: &dyn Control,
        _: &dyn Clock,
    ) {
    }
    fn sent<T: Send>(_: T) {}
    let (recorder, (key, limit, quota)) = (Recorder::immediate(), words());
    pinned(&recorder, &recorder, &recorder, &recorder, &ManualClock::default());
    let backend = Backend::new("recorder", Arc::new(recorder));
    sent(backend.rates.hit_one(&key, &limit));
    sent(backend.slots.in_use(&key));
    sent(backend.quotas.check(&key, &quota));
    sent(backend);
}

#[test]
fn one_lease_is_renewed_and_released_by_the_calls_for_many() {
    let recorder = Recorder::default();
    assert!(at_once(recorder.release_one(&lease())).unwrap());
    assert!(at_once(recorder.renew_one(&lease())).unwrap());
    assert_eq!(recorder.asked(), ["release 1", "renew 1"]);
    let mute = Recorder::mute();
    assert!(!at_once(mute.release_one(&lease())).unwrap(), "no answer is no live lease");
    assert!(!at_once(mute.renew_one(&lease())).unwrap());
}

#[test]
fn quotas_are_used_reserved_and_cancelled_by_the_calls_of_the_trait() {
    let (recorder, (key, _, quota)) = (Recorder::default(), words());
    assert_eq!(at_once(recorder.used(&key, &quota)).unwrap(), 7);
    let ttl = Duration::from_millis(250);
    let (reservation, reserved) = at_once(recorder.reserve_one(&key, &quota, 4, ttl)).unwrap();
    assert!(reserved.is_granted());
    at_once(recorder.cancel(&reservation)).unwrap();
    assert_eq!(at_once(recorder.settle_one(&reservation, 3)).unwrap(), STANDING);
    assert_eq!(recorder.asked(), ["check u1/9", "reserve [4] 250", "settle [0]", "settle [3]"]);
    let mute = at_once(Recorder::mute().settle_one(&reservation, 3)).unwrap_err();
    assert_eq!(mute.kind(), ErrorKind::Protocol, "an answer without an outcome isn't one");
    let error = at_once(recorder.reserve_one(&key, &quota, 4, Duration::ZERO)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(recorder.asked().is_empty(), "what is invalid isn't sent");
}
