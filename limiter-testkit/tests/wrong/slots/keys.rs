//! Faults about what tells keys apart.

use limiter_core::Key;

use super::faulty::breaks;
use super::rules::Rules;

/// Leaves the space out.
#[derive(Debug, Default)]
struct SpaceLeftOut;

impl Rules for SpaceLeftOut {
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (key.subject(), key.partition()))
    }
}

#[test]
fn space_left_out() {
    breaks::<SpaceLeftOut>("a_space_tells_keys_apart");
}

/// Joins space and subject without anything between them.
#[derive(Debug, Default)]
struct JoinedBare;

impl Rules for JoinedBare {
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (format!("{}{}", key.space(), key.subject()), key.partition()))
    }
}

#[test]
fn joined_bare() {
    breaks::<JoinedBare>("a_space_tells_keys_apart");
}

/// Joins space and subject with what may stand in both.
#[derive(Debug, Default)]
struct JoinedByADot;

impl Rules for JoinedByADot {
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (format!("{}.{}", key.space(), key.subject()), key.partition()))
    }
}

#[test]
fn joined_by_a_dot() {
    breaks::<JoinedByADot>("a_space_tells_keys_apart");
}

/// Leaves the partition out.
#[derive(Debug, Default)]
struct PartitionLeftOut;

impl Rules for PartitionLeftOut {
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (key.space(), key.subject()))
    }
}

#[test]
fn partition_left_out() {
    breaks::<PartitionLeftOut>("a_partition_tells_keys_apart");
}

/// Joins all parts by colons, and escapes nothing.
#[derive(Debug, Default)]
struct JoinedByColons;

impl Rules for JoinedByColons {
    fn name(&self, key: &Key) -> String {
        let partition = key.partition().map(|partition| format!(":{partition}"));
        format!("{}:{}{}", key.space(), key.subject(), partition.unwrap_or_default())
    }
}

#[test]
fn joined_by_colons() {
    breaks::<JoinedByColons>("a_partition_tells_keys_apart");
}

/// Joins all parts by NULs, which subjects may have too.
#[derive(Debug, Default)]
struct JoinedByNuls;

impl Rules for JoinedByNuls {
    fn name(&self, key: &Key) -> String {
        [key.space(), key.partition().unwrap_or_default(), key.subject()].join("\0")
    }
}

#[test]
fn joined_by_nuls() {
    breaks::<JoinedByNuls>("a_partition_tells_keys_apart");
}

/// Puts the partition into braces, as a cluster wants it, and escapes nothing.
#[derive(Debug, Default)]
struct InBraces;

impl Rules for InBraces {
    fn name(&self, key: &Key) -> String {
        format!("{{{}}}{}:{}", key.partition().unwrap_or_default(), key.space(), key.subject())
    }
}

#[test]
fn in_braces() {
    breaks::<InBraces>("a_partition_tells_keys_apart");
}

/// Takes capitals for small letters in subjects.
#[derive(Debug, Default)]
struct SmallLetters;

impl Rules for SmallLetters {
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (key.space(), key.subject().to_lowercase(), key.partition()))
    }
}

#[test]
fn small_letters() {
    breaks::<SmallLetters>("subjects_that_look_alike_are_held_apart");
}

/// Cuts blanks off a subject's ends.
#[derive(Debug, Default)]
struct Trimmed;

impl Rules for Trimmed {
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (key.space(), key.subject().trim(), key.partition()))
    }
}

#[test]
fn trimmed() {
    breaks::<Trimmed>("subjects_that_look_alike_are_held_apart");
}

/// Ends a subject at its last NUL.
#[derive(Debug, Default)]
struct NulEnds;

impl Rules for NulEnds {
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (key.space(), key.subject().trim_end_matches('\0'), key.partition()))
    }
}

#[test]
fn nul_ends() {
    breaks::<NulEnds>("subjects_that_look_alike_are_held_apart");
}

/// Keeps the first 255 bytes of a subject.
#[derive(Debug, Default)]
struct CutShort;

impl Rules for CutShort {
    fn name(&self, key: &Key) -> String {
        let bytes = &key.subject().as_bytes()[..key.subject().len().min(255)];
        format!("{:?}", (key.space(), bytes, key.partition()))
    }
}

#[test]
fn cut_short() {
    breaks::<CutShort>("long_subjects_are_held_apart");
}
