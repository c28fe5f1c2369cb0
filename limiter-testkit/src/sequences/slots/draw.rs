//! Draws calls on slots.

use limiter_core::EXACT;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::call::{Call, Held, KEYS, Request};
use crate::sequences::clock::{Step, forward};
use crate::sequences::draw::Draw;

/// How many of the latest requests may be asked again.
const REMEMBERED: usize = 8;

/// Calls on leases of up to so many keys at once.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) keys: usize,
}

impl Draw for Calls {
    type Call = Call;
    type Past = Vec<Request>;

    // A store may remove what it has seen expired and needn't, so the clock only goes forward.
    fn step(&self) -> BoxedStrategy<Step> {
        forward().boxed()
    }

    fn call(&self, past: &Vec<Request>) -> BoxedStrategy<Call> {
        let keys = self.keys;
        let strangers = (1..=6_u8, places(keys), ttl_ms());
        let strangers = strangers.prop_map(|(lease, keys, ttl_ms)| Held { lease, keys, ttl_ms });
        let new = request(keys).prop_map(Call::Acquire);
        if past.is_empty() {
            let renew = vec(strangers.clone(), 0..3).prop_map(Call::Renew);
            return prop_oneof![10 => new, 1 => renew, 1 => vec(strangers, 0..3).prop_map(Call::Release)]
                .boxed();
        }
        let known =
            (select(past.clone()), ttl_ms()).prop_map(|(request, ttl_ms)| Held { ttl_ms, ..request.held() });
        let leases = vec(prop_oneof![5 => known, 1 => strangers], 0..4);
        let repeat = (select(past.clone()), ttl_ms(), 0..6_u64).prop_map(again);
        prop_oneof![
            5 => new,
            2 => repeat,
            3 => leases.clone().prop_map(Call::Renew),
            2 => leases.prop_map(Call::Release),
        ]
        .boxed()
    }

    fn follows(&self, _: &Vec<Request>, _: &Call) -> bool {
        true
    }

    fn after(&self, mut past: Vec<Request>, call: &Call) -> Vec<Request> {
        if let Call::Acquire(request) = call {
            past.push(request.clone());
            past.drain(..past.len().saturating_sub(REMEMBERED));
        }
        past
    }
}

/// The same request with another TTL and other caps.
fn again((mut request, ttl_ms, cap): (Request, u64, u64)) -> Call {
    request.ttl_ms = ttl_ms;
    request.scopes.iter_mut().for_each(|scope| scope.1 = cap);
    Call::Acquire(request)
}

fn request(keys: usize) -> impl Strategy<Value = Request> {
    let cap = prop_oneof![8 => 0..6_u64, 1 => Just(EXACT)];
    let permits = prop_oneof![6 => Just(1_u64), 3 => 1..4_u64, 1 => Just(EXACT)];
    let scopes = (places(keys), vec(cap, KEYS));
    let scopes = scopes.prop_map(|(places, caps)| places.into_iter().zip(caps).collect::<Vec<_>>());
    (1..=6_u8, scopes, permits, ttl_ms()).prop_map(|(lease, scopes, permits, ttl_ms)| Request {
        lease,
        scopes,
        permits,
        ttl_ms,
    })
}

fn places(keys: usize) -> impl Strategy<Value = Vec<usize>> + Clone {
    subsequence((0..KEYS).collect::<Vec<_>>(), 1..=keys).prop_shuffle()
}

fn ttl_ms() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![4 => 1..20_000_u64, 2 => 1..300_u64, 1 => Just(30 * 86_400_000_u64)]
}
