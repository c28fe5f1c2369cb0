//! Keys that are told apart.

use limiter_core::{Key, MAX_SUBJECT_BYTES, SlotLimiter};

use super::ask::AskSlots;
use crate::broken::Kept;
use crate::trial::Trial;

/// The space is part of a key: also where space and subject come to the same text when they are joined.
pub async fn a_space_tells_keys_apart(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a space tells keys apart"));
    let own = ask.key("space")?.subject().to_owned();
    let mut keys = vec![
        Key::new("suite", &own)?,
        Key::new("Suite", &own)?,
        Key::new("other", &own)?,
        Key::new(&format!("{own}x"), "y")?,
        Key::new(&own, "xy")?,
        Key::all(&format!("{own}xy"))?,
    ];
    for mark in [".", "-", "_"] {
        keys.push(Key::new(&format!("{own}{mark}a"), "b")?);
        keys.push(Key::new(&own, &format!("a{mark}b"))?);
    }
    each_has_room(&ask, &keys).await
}

/// The partition is part of a key: also where one is named and elsewhere none is, and where the parts of two keys come
/// to the same text when they are joined.
pub async fn a_partition_tells_keys_apart(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a partition tells keys apart"));
    let own = ask.key("partition")?.subject().to_owned();
    let within = |subject: &str, partition: &str| Key::new(&own, subject)?.with_partition(partition);
    let mut keys = vec![
        Key::new(&own, "a")?,
        within("a", "b")?,
        within("a", "B")?,
        within("b", "a")?,
        Key::new(&own, "ab")?,
        within("a", &format!("b}}{own}:z"))?,
        within(&format!("z}}{own}:a"), "b")?,
    ];
    for mark in [":", "/", "|", ".", "\0", "\n", "\t", " ", ",", "{", "}", "\u{1f}"] {
        keys.push(Key::new(&own, &format!("a{mark}b"))?);
        keys.push(within(&format!("a{mark}c"), "b")?);
        keys.push(within("c", &format!("b{mark}a"))?);
        keys.push(within(&format!("a{mark}b"), "c")?);
        keys.push(within("a", &format!("b{mark}c"))?);
    }
    each_has_room(&ask, &keys).await
}

/// Subjects are any text, byte by byte: empty, with NUL, newlines, braces, quotes and wildcards, capitals,
/// look-alikes of Unicode, 512 bytes long.
pub async fn subjects_that_look_alike_are_held_apart(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("subjects that look alike are held apart"));
    let own = ask.key("subject")?.subject().to_owned();
    let odd = [
        "", " ", "\0", "\0\0", "\n", "\r\n", "{}", "{a}", "{a}b", "*", "%", "_", "'", "''", "\"", "\\",
        "\\0", "a", "A", "a\0", "a\0b", "a ", "\u{e9}", "e\u{301}", "\u{df}", "ss", "\u{212a}", "k", "K",
        "1", "01", "1.0",
    ];
    let keys = odd.iter().map(|subject| Key::new(&own, subject)).collect::<Result<Vec<_>, _>>()?;
    each_has_room(&ask, &keys).await
}

/// Long subjects are told apart by their last byte too.
pub async fn long_subjects_are_held_apart(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("long subjects are held apart"));
    let own = ask.key("long")?.subject().to_owned();
    let mut keys = Vec::new();
    for length in [MAX_SUBJECT_BYTES, MAX_SUBJECT_BYTES - 1, 256, 255, 64, 63] {
        for last in ["x", "y"] {
            keys.push(Key::new(&own, &format!("{}{last}", "x".repeat(length - 1)))?);
        }
    }
    each_has_room(&ask, &keys).await
}

/// Each key has room for one lease although the others hold theirs.
async fn each_has_room(ask: &AskSlots<'_>, keys: &[Key]) -> Kept {
    for key in keys {
        ask.take(key, 1).await?;
    }
    Ok(())
}
