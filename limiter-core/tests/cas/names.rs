//! Where the states of a key stand.

use std::collections::HashSet;
use std::sync::Mutex;

use async_trait::async_trait;
use limiter_core::{
    CasBackend, CasStore, CasWrite, Charge, Key, Loaded, QuotaTracker, RateLimiter, Result, SlotLimiter,
    limit,
};
use proptest::prelude::*;

use crate::asks::{NOW_MS, at_once, quota};

/// A store that holds nothing and remembers what it was asked for.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<Vec<u8>>>);

#[async_trait]
impl CasStore for Asked {
    async fn load(&self, names: &[Vec<u8>]) -> Result<Loaded> {
        self.0.lock().unwrap().extend_from_slice(names);
        Ok(Loaded { now_ms: NOW_MS, values: vec![None; names.len()] })
    }

    async fn commit(&self, _: &[CasWrite]) -> Result<bool> {
        Ok(true)
    }
}

/// The names of a key's rates, leases and quotas.
fn names(key: &Key) -> Vec<Vec<u8>> {
    let backend = CasBackend::new(Asked::default());
    assert!(at_once(backend.peek(&[Charge::new(key, &limit!("5/min"))])).unwrap().is_allowed());
    at_once(backend.in_use(key)).unwrap();
    assert!(at_once(backend.check(key, &quota())).unwrap().is_allowed());
    backend.store().0.lock().unwrap().clone()
}

fn text(least: usize) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec!["a", "b", ":", "{}", "\0", "\n", "r", "s", "\u{1}", "é", "💧"]);
    let pieces = prop::collection::vec(piece, least..4).prop_map(|pieces| pieces.concat());
    prop_oneof![8 => pieces, 1 => Just("x".repeat(255)), 1 => Just("x".repeat(256)), 1 => Just("x".repeat(512))]
}

fn keys() -> impl Strategy<Value = Key> {
    let space = prop::sample::select(vec!["a", "aa", "r", "s", "ab"]);
    (space, text(0), prop::option::of(text(1))).prop_map(|(space, subject, partition)| {
        let key = Key::new(space, &subject).unwrap();
        partition.map_or(key.clone(), |partition| key.with_partition(&partition).unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn different_keys_and_parts_have_different_names(keys in prop::collection::vec(keys(), 1..40)) {
        let different: HashSet<_> = keys.iter().cloned().collect();
        let names: HashSet<_> = keys.iter().flat_map(names).collect();
        prop_assert_eq!(names.len(), different.len() * 3);
    }
}

#[test]
fn the_longest_key_has_a_name_that_every_store_takes() {
    let key = Key::new(&"s".repeat(64), &"u".repeat(512)).unwrap();
    let key = key.with_partition(&"p".repeat(512)).unwrap();
    assert_eq!(names(&key).iter().map(Vec::len).collect::<Vec<_>>(), [1_092; 3]);
}

/// Released names stay as they are: another release looks for the same ones.
#[test]
fn names_are_as_released() {
    let key = Key::new("chat", "u1").unwrap().with_partition("p").unwrap();
    assert_eq!(names(&key), [b"r\x04\x00\x02chatu1p", b"s\x04\x00\x02chatu1p", b"q\x04\x00\x02chatu1p"]);
}
