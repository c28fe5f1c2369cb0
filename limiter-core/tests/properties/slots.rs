//! Slots: what a refusal leaves, and what a lowered cap does.

use std::time::Duration;

use limiter_core::algorithm::{self, LeaseBook};
use limiter_core::{Acquisition, ErrorKind, Key, LeaseId, LeaseRequest, Scope};
use limiter_testkit::laws::slots::{Ask, Call, calls};
use limiter_testkit::laws::strategies::START_MS;
use proptest::prelude::*;

use crate::cases::cases;

const CAPS: [u64; 3] = [1, 3, 5];

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

/// Makes a call; tells whether it was refused.
fn refused(books: &mut [LeaseBook], ask: &Ask, now_ms: u64) -> bool {
    match ask {
        Ask::Acquire { lease, scopes, permits, ttl_ms } => {
            let keys: Vec<_> = scopes.iter().map(|(key, _)| *key).collect();
            let request = request(*lease, scopes, *permits, *ttl_ms);
            match on(books, &keys, |books| algorithm::acquire(books, &request, now_ms)) {
                Ok(answer) => !answer.is_acquired(),
                Err(error) => error.kind() == ErrorKind::Conflict,
            }
        }
        Ask::Renew { lease, keys, ttl_ms } => {
            on(books, keys, |books| algorithm::renew(books, &lease_id(*lease), *ttl_ms, now_ms));
            false
        }
        Ask::Release { lease, keys } => {
            on(books, keys, |books| algorithm::release(books, &lease_id(*lease), now_ms));
            false
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_refusal_or_a_conflict_leaves_the_books_as_they_were(calls in calls(&CAPS, 1..60)) {
        let mut books = vec![LeaseBook::default(); CAPS.len()];
        for Call { at_ms, ask } in &calls {
            let before = books.clone();
            if refused(&mut books, ask, *at_ms) {
                prop_assert_eq!(&books, &before, "{:?}", ask);
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
    let told = |answer: limiter_core::Result<Acquisition>| {
        let answer = answer.unwrap();
        (answer.is_acquired(), answer.in_use().to_vec())
    };
    assert_eq!(told(ask(9, START_MS)), (false, vec![3]));
    assert_eq!(told(ask(1, START_MS)), (true, vec![3]), "who holds one keeps it");
    assert_eq!(told(ask(9, START_MS + 999)), (false, vec![3]));
    assert_eq!(told(ask(9, START_MS + 1_000)), (true, vec![1]));
}
