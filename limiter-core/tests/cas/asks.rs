//! What tests ask of a backend.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use limiter_core::{
    CasBackend, CasStore, Charge, ErrorKind, Key, Lease, LeaseId, LeaseRequest, Limit, Period, Quota,
    QuotaCharge, QuotaTracker, RateLimiter, Receipt, Reservation, ReservationId, Result, Scope, SlotLimiter,
    Source, limit,
};

/// A time at which no window turns for a while.
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn limits() -> [Limit; 4] {
    [limit!("fixed 5/min"), limit!("5/min"), limit!("log 5/min"), limit!("bucket 5/min burst 7")]
}

pub(crate) fn quota() -> Quota {
    Quota::new(100, Period::Day).unwrap()
}

pub(crate) fn key(subject: &str) -> Key {
    Key::new("chat", subject).unwrap()
}

/// The answer of a future that waits only to let others go ahead.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return answer;
        }
    }
}

pub(crate) fn wanting(keys: &[&Key], cap: u64) -> LeaseRequest {
    let scopes: Vec<_> = keys.iter().map(|key| Scope::new((*key).clone(), cap)).collect();
    LeaseRequest::new(scopes, MINUTE).unwrap()
}

pub(crate) fn lease(id: &str, keys: &[&Key]) -> Lease {
    let keys: Vec<_> = keys.iter().map(|key| (*key).clone()).collect();
    Lease::new(LeaseId::parse(id).unwrap(), keys, MINUTE).unwrap()
}

pub(crate) fn reserving(id: &str, keys: &[&Key], amount: u64) -> Reservation {
    let charges: Vec<_> = keys.iter().map(|key| QuotaCharge::new((*key).clone(), quota(), amount)).collect();
    Reservation::new(charges, MINUTE).unwrap().with_id(ReservationId::parse(id).unwrap())
}

pub(crate) fn receipt(keys: &[&Key], limit: &Limit) -> Receipt {
    let mut receipt = Receipt::new(Source::Store);
    for key in keys {
        receipt.add(&Charge::new(key, limit), NOW_MS).unwrap();
    }
    receipt
}

/// How a call came out: its operation, and the error where it erred.
pub(crate) type Came = (&'static str, Option<limiter_core::Error>);

/// Every call that may change something, on the given keys. The first lease and reservation are asked for under ids of
/// their own; all else is about `known`, which may stand there or not.
pub(crate) fn every_change<S: CasStore>(backend: &CasBackend<S>, keys: &[&Key]) -> Vec<Came> {
    let limit = limit!("100/min");
    let charges: Vec<_> = keys.iter().map(|key| Charge::new(key, &limit)).collect();
    let held = lease("known", keys);
    let reservation = reserving("known", keys, 3);
    vec![
        came("hit", at_once(backend.hit(&charges))),
        came("refund", at_once(backend.refund(receipt(keys, &limit)))),
        came("acquire", at_once(backend.acquire(&wanting(keys, 9).with_id(held.id().clone())))),
        came("renew", at_once(backend.renew(std::slice::from_ref(&held)))),
        came("release", at_once(backend.release(std::slice::from_ref(&held)))),
        came("reserve", at_once(backend.reserve(&reservation))),
        came("settle", at_once(backend.settle(&reservation.settlement(&vec![2; keys.len()]).unwrap()))),
    ]
}

/// Every call that looks at one key, or at several where it can.
pub(crate) fn every_look<S: CasStore>(backend: &CasBackend<S>, key: &Key) -> Vec<Came> {
    let charges = limits().map(|limit| (limit, 1));
    let charges: Vec<_> =
        charges.iter().map(|(limit, cost)| Charge::new(key, limit).with_cost(*cost)).collect();
    vec![
        came("peek", at_once(backend.peek(&charges))),
        came("in_use", at_once(backend.in_use(key))),
        came("leases", at_once(backend.leases(key))),
        came("check", at_once(backend.check(key, &quota()))),
    ]
}

pub(crate) fn came<T>(operation: &'static str, answer: Result<T>) -> Came {
    (operation, answer.err())
}

/// Every one of them erred with that kind, and names its operation and no subject.
pub(crate) fn all_err(came: Vec<Came>, kind: ErrorKind, subjects: &[&str]) {
    for (operation, error) in came {
        let error = error.unwrap_or_else(|| unreachable!("{operation} was answered"));
        let text = format!("{error:?}");
        assert_eq!(error.kind(), kind, "{operation}: {text}");
        assert!(text.contains(&format!("({operation})")), "{text}");
        assert!(subjects.iter().all(|subject| !text.contains(subject)), "{text}");
    }
}
