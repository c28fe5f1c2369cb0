//! What a backend says of itself, and what it doesn't show.

use limiter_core::{
    CasBackend, CasStore, CasWrite, Charge, Control, Loaded, ManualClock, RateLimiter, limit,
};

use crate::asks::{NOW_MS, at_once, key};
use crate::map::MapStore;

fn map() -> MapStore {
    MapStore::new(ManualClock::new(NOW_MS))
}

#[test]
fn several_keys_are_atomic_where_commits_are_whatever_the_store_declares() {
    let several = CasBackend::new(map());
    let one = CasBackend::new(map().of_one_write());
    assert!(several.store().capabilities().atomic_keys && one.store().capabilities().atomic_keys);
    assert!(several.capabilities().atomic_keys && !one.capabilities().atomic_keys);
    assert!(!several.capabilities().immediate);
    assert_eq!(several.describe(), "a map in this process");
    at_once(several.ping()).unwrap();
    at_once(several.shutdown()).unwrap();
    let (key, limit) = (key("u1"), limit!("5/min"));
    assert!(several.hit_now(&[Charge::new(&key, &limit)]).is_none());
}

#[test]
fn loaded_values_and_writes_show_their_lengths_alone() {
    let write = CasWrite {
        name: b"secret name".to_vec(),
        before: None,
        after: Some(b"secret value".to_vec()),
        expires_ms: 5,
    };
    let shown = format!("{write:?}");
    assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
    assert!(shown.contains("11 bytes") && shown.contains("nothing") && shown.contains("12 bytes"), "{shown}");
    let loaded = Loaded { now_ms: 7, values: vec![None, Some(b"secret".to_vec())] };
    assert_eq!(format!("{loaded:?}"), r#"Loaded { now_ms: 7, values: ["nothing", "6 bytes"] }"#);
}

#[test]
fn a_store_without_a_word_on_it_commits_several() {
    assert!(map().commits_several() && !map().of_one_write().commits_several());
}
