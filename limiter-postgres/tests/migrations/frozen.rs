//! Migrations that were released never change.

use std::hash::Hasher;

use limiter_postgres::migrations;

const RELEASED: &str = include_str!("../../sql/released.txt");
const CHANGELOG: &str = include_str!("../../../CHANGELOG.md");

/// FNV-1a with 64 bits: the same for ever, and nobody edits SQL to meet a hash.
#[derive(Debug)]
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn hash(text: &str) -> String {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    hasher.write(text.as_bytes());
    format!("{:016x}", hasher.finish())
}

/// Each migration as `released.txt` has it.
fn lines() -> Vec<String> {
    let line = |migration: &limiter_postgres::Migration| {
        format!("{:04}_{} {}", migration.version, migration.name, hash(&migration.sql("s")))
    };
    migrations().iter().map(line).collect()
}

/// The newest release in the changelog; `none` before the first.
fn newest_release(changelog: &str) -> &str {
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    let mut names = headings.map(|heading| heading.split(" - ").next().unwrap_or(heading).trim());
    names.find(|name| !name.eq_ignore_ascii_case("[Unreleased]")).unwrap_or("none").trim_matches(['[', ']'])
}

fn entries(released: &str) -> Vec<&str> {
    released.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn a_released_migration_is_as_it_was() {
    let entries = entries(RELEASED);
    let now = lines();
    for (entry, now) in entries[1..].iter().zip(&now) {
        assert_eq!(
            entry, now,
            "a released migration has changed, by itself or by a file that it includes: bring its text back (git show \
             TAG, or what `--example migrations` printed then), and put the change into a new migration"
        );
    }
    assert!(entries.len() - 1 <= now.len(), "a released migration is gone");
}

#[test]
fn a_release_freezes_its_migrations() {
    let release = newest_release(CHANGELOG);
    let expected = format!("release {release}");
    assert_eq!(
        entries(RELEASED)[0],
        expected,
        "write this into limiter-postgres/sql/released.txt:\n{expected}\n{}",
        lines().join("\n")
    );
    if release != "none" {
        assert!(entries(RELEASED).len() > 1, "the migrations of {release} are missing");
    }
}

#[test]
fn the_newest_release_is_read_from_a_changelog() {
    assert_eq!(newest_release("# Changelog\n\n## [Unreleased]\n\n### Added\n"), "none");
    assert_eq!(
        newest_release("## [Unreleased]\n## [0.2.0] - 2026-12-01\n## [0.1.0] - 2026-11-01\n"),
        "0.2.0"
    );
    assert_eq!(newest_release("## 0.1.0\n"), "0.1.0");
}
