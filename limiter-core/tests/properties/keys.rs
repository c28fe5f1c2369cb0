//! Keys: what belongs to their identity, what they hold, and what nobody gets to see.

use std::collections::HashMap;

use limiter_core::{Key, Result};
use proptest::prelude::*;

use crate::cases::cases;

type Parts = (String, String, Option<String>);

fn build((space, subject, partition): &Parts) -> Result<Key> {
    let key = Key::new(space, subject)?;
    partition.as_deref().map_or_else(|| Ok(key.clone()), |partition| key.with_partition(partition))
}

/// Text of which much is alike, and of which bytes move easily from one part to the next.
fn text(least: usize) -> impl Strategy<Value = String> {
    let piece =
        prop::sample::select(vec!["a", "b", ":", "{}", "\0", "\n", " ", "é", "💧", "aaaaaaaaaaaaaaaaaaaa"]);
    let pieces = prop::collection::vec(piece, least..5).prop_map(|pieces| pieces.concat());
    prop_oneof![8 => pieces, 1 => "\\PC{1,120}", 1 => Just("x".repeat(512))]
}

fn parts() -> impl Strategy<Value = Parts> {
    let space = prop::sample::select(vec!["a", "aa", "a.b", "chat", "A-Z_0-9.az"]).prop_map(str::to_owned);
    (space, text(0), prop::option::of(text(1)))
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn two_keys_are_one_only_when_all_their_parts_are(all in prop::collection::vec(parts(), 2..40)) {
        let mut counts: HashMap<Key, Vec<&Parts>> = HashMap::new();
        for parts in &all {
            counts.entry(build(parts).unwrap()).or_default().push(parts);
        }
        for same in counts.values() {
            prop_assert!(same.iter().all(|parts| *parts == same[0]), "one key for {same:?}");
        }
        let different: std::collections::HashSet<_> = all.iter().collect();
        prop_assert_eq!(counts.len(), different.len());
    }

    #[test]
    fn a_key_holds_its_parts_and_shows_its_space_only(parts in parts()) {
        let key = build(&parts).unwrap();
        prop_assert_eq!((key.space(), key.subject(), key.partition()), (&*parts.0, &*parts.1, parts.2.as_deref()));
        let (bytes, space, subject) = key.parts();
        let joined = [&*parts.0, &*parts.1, parts.2.as_deref().unwrap_or_default()].concat();
        prop_assert_eq!(bytes, joined.as_bytes());
        prop_assert_eq!((usize::from(space), usize::from(subject)), (parts.0.len(), parts.1.len()));
        let shown = format!("{key:?}");
        let shown_besides = shown.replace(&parts.0, "");
        prop_assert!(parts.1.len() < 4 || !shown_besides.contains(&parts.1), "{}", shown);
    }

    #[test]
    fn keys_stand_in_the_order_of_their_parts(one in parts(), other in parts()) {
        let (first, second) = (build(&one).unwrap(), build(&other).unwrap());
        prop_assert_eq!(first.cmp(&second), one.cmp(&other));
        prop_assert_eq!(first.cmp(&second).is_eq(), first == second);
    }

    #[test]
    fn a_copy_is_the_same_key(parts in parts()) {
        let key = build(&parts).unwrap();
        prop_assert_eq!(&key.clone(), &key);
        let other = key.with_partition("elsewhere").unwrap();
        prop_assert_eq!(other == key, parts.2.as_deref() == Some("elsewhere"));
        prop_assert_eq!((other.space(), other.subject()), (key.space(), key.subject()));
    }
}

#[test]
fn the_longest_parts_that_are_accepted_are_held_whole() {
    let (space, subject, partition) = ("s".repeat(64), "u".repeat(512), "p".repeat(512));
    let key = Key::new(&space, &subject).unwrap().with_partition(&partition).unwrap();
    assert_eq!((key.space(), key.subject(), key.partition()), (&*space, &*subject, Some(&*partition)));
}

#[test]
fn a_partition_changes_the_key_and_an_empty_subject_is_a_key_of_its_own() {
    let (all, one) = (Key::all("chat").unwrap(), Key::new("chat", "u").unwrap());
    assert_ne!(all, one);
    assert_ne!(one.with_partition("p").unwrap(), one);
    assert_ne!(Key::all("chat").unwrap().with_partition("u").unwrap(), one);
}
