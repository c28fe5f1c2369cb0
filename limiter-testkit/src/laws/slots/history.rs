//! What is asked of a slot limiter in the course of time, and how it is drawn.

use std::ops::Range;

use limiter_core::EXACT;
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;

use crate::laws::strategies::START_MS;

/// One call: the clock is set, and something is asked. Keys and leases are named by their numbers, from 0: each stands
/// for a key and an id that nobody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What the clock shows.
    pub at_ms: u64,
    /// What is asked.
    pub ask: Ask,
}

/// What a call asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Asks for a lease of permits in scopes of (key, cap).
    Acquire {
        /// Which lease.
        lease: u8,
        /// In which scopes.
        scopes: Vec<(usize, u64)>,
        /// Permits in each.
        permits: u64,
        /// Its time to live.
        ttl_ms: u64,
    },
    /// Renews a lease in keys.
    Renew {
        /// Which lease.
        lease: u8,
        /// In which keys.
        keys: Vec<usize>,
        /// Its time to live from then on.
        ttl_ms: u64,
    },
    /// Releases a lease in keys.
    Release {
        /// Which lease.
        lease: u8,
        /// In which keys.
        keys: Vec<usize>,
    },
}

/// Calls over scopes with these caps, at least one, the first of key 0 and so on. The clock goes forward.
pub fn calls(caps: &[u64], calls: impl Into<SizeRange>) -> BoxedStrategy<Vec<Call>> {
    timed(0..30, fixed(caps), calls.into())
}

/// As [`calls`], on a clock that steps back now and then.
pub fn calls_with_steps_back(caps: &[u64], calls: impl Into<SizeRange>) -> BoxedStrategy<Vec<Call>> {
    timed(-40..60, fixed(caps), calls.into())
}

/// Calls over so many scopes of which the caps change from call to call.
pub(super) fn any_calls(scopes: usize, size: impl Into<SizeRange>, back: bool) -> BoxedStrategy<Vec<Call>> {
    let cap = prop_oneof![8 => 0..6_u64, 1 => Just(EXACT)].boxed();
    timed(if back { -40..60 } else { 0..30 }, vec![cap; scopes], size.into())
}

fn fixed(caps: &[u64]) -> Vec<BoxedStrategy<u64>> {
    caps.iter().map(|cap| Just(*cap).boxed()).collect()
}

fn timed(steps_ms: Range<i64>, caps: Vec<BoxedStrategy<u64>>, size: SizeRange) -> BoxedStrategy<Vec<Call>> {
    let place = |steps: Vec<(i64, Ask)>| {
        let mut at_ms = START_MS;
        let call = |(step_ms, ask)| {
            at_ms = at_ms.saturating_add_signed(step_ms);
            Call { at_ms, ask }
        };
        steps.into_iter().map(call).collect()
    };
    vec((steps_ms, ask(caps)), size).prop_map(place).boxed()
}

fn ask(caps: Vec<BoxedStrategy<u64>>) -> BoxedStrategy<Ask> {
    let lease = || 0..5_u8;
    let keys = {
        let all: Vec<_> = (0..caps.len()).collect();
        move || prop::sample::subsequence(all.clone(), 1..=all.len()).prop_shuffle()
    };
    let scopes = (keys(), caps)
        .prop_map(|(keys, caps)| keys.into_iter().map(|key| (key, caps[key])).collect::<Vec<_>>());
    prop_oneof![
        5 => (lease(), scopes, permits(), ttls_ms())
            .prop_map(|(lease, scopes, permits, ttl_ms)| Ask::Acquire { lease, scopes, permits, ttl_ms }),
        3 => (lease(), keys(), ttls_ms()).prop_map(|(lease, keys, ttl_ms)| Ask::Renew { lease, keys, ttl_ms }),
        2 => (lease(), keys()).prop_map(|(lease, keys)| Ask::Release { lease, keys }),
    ]
    .boxed()
}

fn permits() -> impl Strategy<Value = u64> {
    prop_oneof![6 => Just(1_u64), 3 => 1..4_u64, 1 => Just(EXACT)]
}

fn ttls_ms() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 1..60_u64, 2 => 1..400_u64, 1 => Just(30 * 86_400_000_u64)]
}
