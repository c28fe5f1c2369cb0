//! Slots over random calls, held to the list of who holds what.

use std::time::Duration;

use limiter_core::algorithm::{self, LeaseBook};
use limiter_core::{EXACT, Key, LeaseId, LeaseRequest, Scope};
use proptest::prelude::*;

use crate::cases::cases;
use crate::limits::START_MS;
use crate::slot_oracle::{SlotOracle, listed, told};

const KEYS: usize = 3;

#[derive(Clone, Debug)]
enum Call {
    Acquire(u8, Vec<(usize, u64)>, u64, u64),
    Renew(u8, Vec<usize>, u64),
    Release(u8, Vec<usize>),
}

fn keys() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::subsequence((0..KEYS).collect::<Vec<_>>(), 1..=KEYS).prop_shuffle()
}

fn permits() -> impl Strategy<Value = u64> {
    prop_oneof![6 => Just(1_u64), 3 => 1..4_u64, 1 => Just(EXACT)]
}

fn call() -> impl Strategy<Value = Call> {
    let id = || 0..5_u8;
    let ttl_ms = || prop_oneof![6 => 1..60_u64, 1 => Just(30 * 86_400_000_u64)];
    let cap = prop_oneof![8 => 0..6_u64, 1 => Just(EXACT)];
    let scopes = (keys(), prop::collection::vec(cap, KEYS))
        .prop_map(|(keys, caps)| keys.into_iter().zip(caps).collect::<Vec<_>>());
    prop_oneof![
        5 => (id(), scopes, permits(), ttl_ms())
            .prop_map(|(id, scopes, permits, ttl_ms)| Call::Acquire(id, scopes, permits, ttl_ms)),
        3 => (id(), keys(), ttl_ms()).prop_map(|(id, keys, ttl_ms)| Call::Renew(id, keys, ttl_ms)),
        2 => (id(), keys()).prop_map(|(id, keys)| Call::Release(id, keys)),
    ]
}

fn lease_id(id: u8) -> LeaseId {
    LeaseId::parse(&format!("lease-{id}")).unwrap()
}

/// The books of some keys, in their order, and the same ones put back after the call.
fn on<T>(all: &mut [LeaseBook], keys: &[usize], call: impl FnOnce(&mut [LeaseBook]) -> T) -> T {
    let mut books: Vec<_> = keys.iter().map(|key| all[*key].clone()).collect();
    let answer = call(&mut books);
    for (key, book) in keys.iter().zip(books) {
        all[*key] = book;
    }
    answer
}

fn request(id: u8, scopes: &[(usize, u64)], permits: u64, ttl_ms: u64) -> LeaseRequest {
    let key = |key: usize| Key::new("streams", &key.to_string()).unwrap();
    let scopes: Vec<_> = scopes.iter().map(|(at, cap)| Scope::new(key(*at), *cap)).collect();
    let request = LeaseRequest::new(scopes, Duration::from_millis(ttl_ms)).unwrap();
    request.with_permits(permits).unwrap().with_id(lease_id(id))
}

/// Makes a call on the books and on the oracle, and compares the answers.
fn make(books: &mut [LeaseBook], oracle: &mut SlotOracle, call: &Call, now_ms: u64) {
    match call {
        Call::Acquire(id, scopes, permits, ttl_ms) => {
            let before = (books.to_vec(), oracle.clone());
            let request = request(*id, scopes, *permits, *ttl_ms);
            let keys: Vec<_> = scopes.iter().map(|(key, _)| *key).collect();
            let wanted = oracle.acquire(request.id().as_str(), scopes, *permits, *ttl_ms, now_ms);
            let got = told(on(books, &keys, |books| algorithm::acquire(books, &request, now_ms)));
            assert_eq!(got, wanted, "{call:?} on {before:?}");
            if !matches!(wanted, Some((None, _))) {
                assert_eq!((books.to_vec(), oracle.clone()), before, "a refusal changes nothing");
            }
        }
        Call::Renew(id, keys, ttl_ms) => {
            let wanted = oracle.renew(lease_id(*id).as_str(), keys, *ttl_ms, now_ms);
            let got = on(books, keys, |books| algorithm::renew(books, &lease_id(*id), *ttl_ms, now_ms));
            assert_eq!(got, wanted, "{call:?}");
        }
        Call::Release(id, keys) => {
            let wanted = oracle.release(lease_id(*id).as_str(), keys, now_ms);
            let got = on(books, keys, |books| algorithm::release(books, &lease_id(*id), now_ms));
            assert_eq!(got, wanted, "{call:?}");
            let again = on(books, keys, |books| algorithm::release(books, &lease_id(*id), now_ms));
            assert!(!again, "released twice");
        }
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn every_answer_is_what_the_list_of_holders_says(
        calls in prop::collection::vec((0..30_u64, call()), 1..60),
    ) {
        let mut books = vec![LeaseBook::default(); KEYS];
        let (mut oracle, mut now_ms) = (SlotOracle::default(), START_MS);
        for (step_ms, call) in &calls {
            now_ms += step_ms;
            make(&mut books, &mut oracle, call, now_ms);
            for (key, book) in books.iter().enumerate() {
                prop_assert_eq!(book.in_use(now_ms), oracle.in_use(key, now_ms));
                prop_assert_eq!(listed(book.leases(now_ms)), oracle.leases(key, now_ms));
            }
        }
    }

    #[test]
    fn a_grant_never_passes_the_cap(
        cap in 0..6_u64,
        calls in prop::collection::vec((0..30_u64, 0..12_u8, 1..4_u64, 1..200_u64), 1..60),
    ) {
        let (mut books, mut now_ms) = ([LeaseBook::default()], START_MS);
        for (step_ms, id, permits, ttl_ms) in calls {
            now_ms += step_ms;
            drop(algorithm::acquire(&mut books, &request(id, &[(0, cap)], permits, ttl_ms), now_ms));
            prop_assert!(books[0].in_use(now_ms) <= cap);
        }
    }

    #[test]
    fn a_clock_that_steps_back_prolongs_a_lease_and_never_cuts_one_short(
        calls in prop::collection::vec((-40..60_i64, call()), 1..60),
    ) {
        let mut books = vec![LeaseBook::default(); KEYS];
        let (mut now_ms, mut latest_ms) = (START_MS, START_MS);
        let mut oracle = SlotOracle::default();
        for (step_ms, call) in &calls {
            now_ms = now_ms.saturating_add_signed(*step_ms);
            latest_ms = latest_ms.max(now_ms);
            // What the latest time has seen expired may be gone; all else must count, and nothing more.
            if let Call::Acquire(id, scopes, permits, ttl_ms) = call {
                let request = request(*id, scopes, *permits, *ttl_ms);
                let keys: Vec<_> = scopes.iter().map(|(key, _)| *key).collect();
                let got = told(on(&mut books, &keys, |books| algorithm::acquire(books, &request, now_ms)));
                if matches!(got, Some((None, _))) {
                    let unlimited: Vec<_> = keys.iter().map(|key| (*key, u64::MAX)).collect();
                    oracle.release(request.id().as_str(), &keys, now_ms);
                    drop(oracle.acquire(request.id().as_str(), &unlimited, *permits, *ttl_ms, now_ms));
                }
            }
            for (key, book) in books.iter().enumerate() {
                let in_use = book.in_use(now_ms);
                prop_assert!(oracle.in_use(key, latest_ms) <= in_use);
                prop_assert!(in_use <= oracle.in_use(key, now_ms));
            }
        }
    }
}

#[test]
fn a_lowered_cap_admits_nobody_until_enough_have_left() {
    let mut books = [LeaseBook::default()];
    for id in 0..3 {
        let granted = algorithm::acquire(&mut books, &request(id, &[(0, 3)], 1, 1_000), START_MS);
        assert!(granted.unwrap().is_acquired());
    }
    let mut ask = |id, now_ms| algorithm::acquire(&mut books, &request(id, &[(0, 2)], 1, 1_000), now_ms);
    assert_eq!(told(ask(9, START_MS)), Some((Some(0), vec![3])));
    assert_eq!(told(ask(1, START_MS)), Some((None, vec![3])), "who holds one keeps it");
    assert_eq!(told(ask(9, START_MS + 999)), Some((Some(0), vec![3])));
    assert_eq!(told(ask(9, START_MS + 1_000)), Some((None, vec![1])));
}
