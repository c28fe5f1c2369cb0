//! Slots: acquires over several scopes, renewals, releases, and what is held.

use std::time::Duration;

use limiter_core::{EXACT, Key, Lease, LeaseId, LeaseRequest, Scope, SlotLimiter};
use proptest::prelude::*;

use crate::pair::{Pair, at_once, cases, forward, keys, same};

const KEYS: usize = 4;

#[derive(Clone, Debug)]
enum Call {
    Acquire(u8, Vec<(usize, u64)>, u64, u64),
    Renew(Vec<(u8, Vec<usize>, u64)>),
    Release(Vec<(u8, Vec<usize>)>),
}

fn places() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::subsequence((0..KEYS).collect::<Vec<_>>(), 1..=KEYS).prop_shuffle()
}

fn call() -> impl Strategy<Value = Call> {
    let ttl_ms = || prop_oneof![4 => 1..20_000_u64, 2 => 1..300_u64, 1 => Just(30 * 86_400_000_u64)];
    let cap = prop_oneof![8 => 0..6_u64, 1 => Just(EXACT)];
    let permits = prop_oneof![6 => Just(1_u64), 3 => 1..4_u64, 1 => Just(EXACT)];
    let scopes = (places(), prop::collection::vec(cap, KEYS))
        .prop_map(|(places, caps)| places.into_iter().zip(caps).collect::<Vec<_>>());
    prop_oneof![
        5 => (0..6_u8, scopes, permits, ttl_ms())
            .prop_map(|(id, scopes, permits, ttl_ms)| Call::Acquire(id, scopes, permits, ttl_ms)),
        2 => prop::collection::vec((0..6_u8, places(), ttl_ms()), 0..4).prop_map(Call::Renew),
        2 => prop::collection::vec((0..6_u8, places()), 0..4).prop_map(Call::Release),
    ]
}

fn id(id: u8) -> LeaseId {
    LeaseId::parse(&format!("lease-{id}")).unwrap()
}

fn lease(keys: &[Key], who: u8, places: &[usize], ttl_ms: u64) -> Lease {
    let keys: Vec<_> = places.iter().map(|place| keys[*place].clone()).collect();
    Lease::new(id(who), keys, Duration::from_millis(ttl_ms)).unwrap()
}

fn make(pair: &Pair, keys: &[Key], call: &Call) -> Result<(), TestCaseError> {
    let Pair { memory, model, .. } = pair;
    match call {
        Call::Acquire(who, scopes, permits, ttl_ms) => {
            let scopes: Vec<_> =
                scopes.iter().map(|(place, cap)| Scope::new(keys[*place].clone(), *cap)).collect();
            let request = LeaseRequest::new(scopes, Duration::from_millis(*ttl_ms)).unwrap();
            let request = request.with_permits(*permits).unwrap().with_id(id(*who));
            same(at_once(memory.acquire(&request)), at_once(model.acquire(&request)), call)?;
        }
        Call::Renew(leases) => {
            let leases = leases.iter().map(|(who, places, ttl_ms)| lease(keys, *who, places, *ttl_ms));
            let leases: Vec<_> = leases.collect();
            same(at_once(memory.renew(&leases)), at_once(model.renew(&leases)), call)?;
        }
        Call::Release(leases) => {
            let leases: Vec<_> = leases.iter().map(|(who, places)| lease(keys, *who, places, 1)).collect();
            same(at_once(memory.release(&leases)), at_once(model.release(&leases)), call)?;
        }
    }
    for key in keys {
        same(at_once(memory.in_use(key)), at_once(model.in_use(key)), call)?;
        same(at_once(memory.leases(key)), at_once(model.leases(key)), call)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(100))]

    // A store may remove what it has seen expired and needn't, so the clock only goes forward.
    #[test]
    fn any_calls_on_slots(calls in prop::collection::vec((forward(), call()), 1..200)) {
        let (pair, keys) = (Pair::new(), keys());
        for (step, call) in &calls {
            step.take(&pair.clock);
            make(&pair, &keys[..KEYS], call)?;
        }
    }
}
