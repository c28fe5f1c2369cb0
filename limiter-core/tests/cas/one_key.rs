//! A store that swaps one key at a time.

use limiter_core::{
    CasBackend, Charge, ErrorKind, ManualClock, QuotaCharge, QuotaTracker, RateLimiter, Reservation,
    SlotLimiter, limit,
};

use crate::asks::{
    MINUTE, NOW_MS, all_err, at_once, came, every_change, key, lease, limits, quota, receipt, wanting,
};
use crate::hooked::{Fate, Hooked};
use crate::map::MapStore;

type OneKey = CasBackend<Hooked<fn(u64) -> Fate>>;

fn one_key() -> OneKey {
    CasBackend::new(Hooked::new(MapStore::new(ManualClock::new(NOW_MS)).of_one_write(), |_| Fate::Made))
}

#[test]
fn a_call_over_two_keys_is_unsupported_before_anything_is_loaded() {
    let (backend, [one, other]) = (one_key(), [key("one-secret"), key("other-secret")]);
    let limit = limit!("5/min");
    let peeked = at_once(backend.peek(&[Charge::new(&one, &limit), Charge::new(&other, &limit)]));
    let mut unsupported = every_change(&backend, &[&one, &other]);
    unsupported.push(came("peek", peeked));
    assert_eq!(unsupported.len(), 8);
    all_err(unsupported, ErrorKind::Unsupported, &["secret"]);
    assert_eq!(backend.store().asked(), [0, 0, 0]);
}

#[test]
fn what_is_invalid_is_refused_as_that_first() {
    let (backend, limit) = (one_key(), limit!("5/min"));
    let (one, other) = (key("one"), key("other"));
    let charges = [Charge::new(&one, &limit), Charge::new(&other, &limit).with_cost(u64::MAX)];
    assert_eq!(at_once(backend.hit(&charges)).unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[test]
fn the_limits_and_quotas_of_one_key_are_one_step() {
    let (backend, used) = (one_key(), key("u1"));
    let limits = limits();
    let charges: Vec<_> = limits.iter().map(|limit| Charge::new(&used, limit)).collect();
    assert!(at_once(backend.hit(&charges)).unwrap().is_allowed());
    let other_day = quota().with_utc_offset_minutes(330).unwrap();
    let charges = [quota(), other_day].map(|quota| QuotaCharge::new(used.clone(), quota, 1));
    let reservation = Reservation::new(charges, MINUTE).unwrap();
    assert!(at_once(backend.reserve(&reservation)).unwrap().is_granted());
    assert_eq!(backend.store().asked(), [2, 2, 0]);
}

#[test]
fn an_unlimited_charge_is_on_no_key() {
    let (backend, unlimited, limit) = (one_key(), limit!("unlimited"), limit!("5/min"));
    let (one, other) = (key("one"), key("other"));
    let charges = [Charge::new(&one, &unlimited), Charge::new(&other, &limit)];
    let decision = at_once(backend.hit(&charges)).unwrap();
    assert_eq!(decision.outcomes()[1].remaining(), 4);
}

#[test]
fn many_leases_are_renewed_and_released_a_key_at_a_time() {
    let (backend, keys) = (one_key(), [key("one"), key("other")]);
    let mut leases = Vec::new();
    for place in [0, 0, 1, 0] {
        let request = wanting(&[&keys[place]], 9);
        assert!(at_once(backend.acquire(&request)).unwrap().is_acquired());
        leases.push(request.lease());
    }
    backend.store().asked();
    leases.insert(1, lease("stranger", &[&keys[1]]));
    let live = [true, false, true, true, true];
    assert_eq!(at_once(backend.renew(&leases)).unwrap(), live);
    assert_eq!(at_once(backend.release(&leases)).unwrap(), live);
    assert_eq!(keys.map(|key| at_once(backend.in_use(&key)).unwrap()), [0, 0]);
}

#[test]
fn a_lease_over_two_keys_among_many_is_unsupported_and_the_others_stay() {
    let (backend, one, other) = (one_key(), key("one"), key("other"));
    let request = wanting(&[&one], 9);
    assert!(at_once(backend.acquire(&request)).unwrap().is_acquired());
    let leases = [request.lease(), lease("both", &[&one, &other])];
    assert_eq!(at_once(backend.release(&leases)).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(at_once(backend.in_use(&one)).unwrap(), 1);
}

#[test]
fn a_later_step_that_errs_says_that_earlier_ones_were_done() {
    let fates: fn(u64) -> Fate = |number| if number == 4 { Fate::Refused } else { Fate::Made };
    let store = Hooked::new(MapStore::new(ManualClock::new(NOW_MS)).of_one_write(), fates);
    let (backend, keys) = (CasBackend::new(store), [key("one"), key("other")]);
    let requests = keys.each_ref().map(|key| wanting(&[key], 9));
    for request in &requests {
        assert!(at_once(backend.acquire(request)).unwrap().is_acquired());
    }
    let leases = requests.each_ref().map(limiter_core::LeaseRequest::lease);
    let error = at_once(backend.release(&leases)).unwrap_err();
    assert!(error.may_have_charged(), "{error}");
    assert_eq!(keys.map(|key| at_once(backend.in_use(&key)).unwrap()), [0, 1]);
}

#[test]
fn a_receipt_of_one_key_is_given_back_in_one_step() {
    let (backend, used) = (one_key(), key("u1"));
    let limits = limits();
    let charges = limits.each_ref().map(|limit| Charge::new(&used, limit).with_cost(2));
    let decision = at_once(backend.hit(&charges)).unwrap();
    at_once(backend.refund(decision.into_receipt(&charges).unwrap())).unwrap();
    let left = at_once(backend.peek(&charges)).unwrap();
    let left: Vec<_> = left.outcomes().iter().map(limiter_core::Outcome::remaining).collect();
    assert_eq!(left, [5, 5, 5, 7]);
    at_once(backend.refund(receipt(&[&used, &used], &limits[0]))).unwrap();
    assert_eq!(backend.store().asked(), [4, 2, 0]);
}
