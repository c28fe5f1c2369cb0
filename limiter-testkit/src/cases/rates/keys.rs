//! Keys that a careless store takes for one another.

use std::collections::HashSet;

use limiter_core::{Key, Limit, MAX_SUBJECT_BYTES, RateLimiter};

use super::ask::AskRates;
use super::limits::LONG;
use crate::broken::Kept;
use crate::trial::Trial;

/// What a store may put between the parts of a key, or cut it at, or take for something else.
const BETWEEN: &[&str] = &[
    "", ":", "::", "/", "|", "-", "_", ".", ",", ";", "#", "@", "%", "*", "?", "\\", "'", "\"", " ", "{",
    "}", "\0", "\n", "\r\n", "\t", "\u{1f}", "\u{2028}",
];

/// Subjects that are different, though not to everybody.
const SUBJECTS: &[&str] = &[
    "",
    "user",
    "User",
    "USER",
    " user",
    "user ",
    "user\0",
    "\0user",
    "user\n",
    "\u{feff}user",
    "us\u{e9}r",
    "use\u{301}r",
    "\u{17f}user",
    "\u{130}user",
    "i\u{307}user",
    "%75ser",
    "user%",
    "{user}",
    "u{se}r",
    "{}user",
    "user*",
    "us?r",
    "null",
    "0",
    "00",
    "0.0",
    "-0",
    "\u{1f600}",
    "\u{1f600}\u{200d}",
    "'user'",
    "\"user\"",
    "\\user",
    "user;--",
    "$user",
    "*1",
    "[\"user\"]",
];

/// Two different keys never share a counter, however alike: whatever stands between the parts of one stands within a
/// part of another.
pub async fn keys_that_look_alike_count_apart(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("keys that look alike count apart"));
    let limit = Limit::fixed_window(2, LONG)?;
    let mark = ask.promise().mark();
    let keys = [joined(mark)?, written(mark)?, long(mark)?].concat();
    for key in keys.iter().collect::<HashSet<_>>() {
        ask.hit(key, &limit, 2).await?.allowed()?;
    }
    Ok(())
}

/// Keys that are the same once their parts are joined with something.
fn joined(mark: &str) -> Kept<Vec<Key>> {
    let mut keys = Vec::new();
    for between in BETWEEN {
        let space = format!("joined.{mark}.{}", keys.len());
        keys.push(Key::new(&space, &format!("a{between}b"))?.with_partition("c")?);
        keys.push(Key::new(&space, "a")?.with_partition(&format!("b{between}c"))?);
        keys.push(Key::new(&space, &format!("a{between}b{between}c"))?);
        keys.push(
            Key::new(&space, &format!("{between}a"))?.with_partition(&format!("b{between}c{between}"))?,
        );
        if let Ok(longer) = Key::new(&format!("{space}{between}a"), "b") {
            keys.push(longer.with_partition("c")?);
            keys.push(longer);
            keys.push(Key::new(&space, &format!("a{between}b"))?);
        }
    }
    Ok(keys)
}

/// Keys that are the same to who folds, trims, escapes or cuts them.
fn written(mark: &str) -> Kept<Vec<Key>> {
    let mut keys = Vec::new();
    for space in [format!("written.{mark}"), format!("Written.{mark}")] {
        for subject in SUBJECTS {
            keys.push(Key::new(&space, subject)?);
        }
        for partition in SUBJECTS.iter().filter(|partition| !partition.is_empty()) {
            keys.push(Key::new(&space, "user")?.with_partition(partition)?);
        }
        keys.push(Key::all(&space)?.with_partition("user")?);
    }
    Ok(keys)
}

/// Keys that are as long as they may be, and differ in their last byte alone.
fn long(mark: &str) -> Kept<Vec<Key>> {
    let space = format!("long.{mark}");
    let ending = |byte: &str| format!("{}{byte}", "x".repeat(MAX_SUBJECT_BYTES - 1));
    let mut keys = Vec::new();
    for subject in ["a", "b"] {
        keys.push(Key::new(&space, &ending(subject))?);
        for partition in ["a", "b"] {
            keys.push(Key::new(&space, &ending(subject))?.with_partition(&ending(partition))?);
        }
    }
    Ok(keys)
}
