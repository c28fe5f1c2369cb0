//! How counters are called in Redis.
//!
//! ```text
//! limiter:{chat:user-17}:w:60000            a key without a partition: all of it is the hash tag
//! limiter:{tenant-9}chat:user-17:w:60000    a key in a partition: that is the hash tag
//! ```
//!
//! What isn't one of `A-Z a-z 0-9 _ . ~ -` is written as `%XX`, byte by byte, so that the colons and braces above are
//! the only ones and two keys never share a name. Text that is longer than 40 bytes then stands as `#` and its
//! SHA-256 in base64url. A name is at most 200 bytes long.

use std::fmt::{self, Write};

use limiter_core::{Algorithm, Key, Limit, Quota};
use sha2::{Digest, Sha256};

/// The most bytes of encoded text that are written out.
const LONGEST_TEXT: usize = 40;

/// Names for the counters of one prefix.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    /// Names that start with this prefix and a colon.
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The counter of a key for a limit. One that is unlimited has none.
    pub(crate) fn rate(&self, key: &Key, limit: &Limit) -> String {
        let letter = match limit.algorithm() {
            Algorithm::FixedWindow => 'f',
            Algorithm::SlidingWindow => 'w',
            Algorithm::SlidingLog => 'l',
            _ => 'b',
        };
        self.name(key, format_args!("{letter}:{}", limit.window_ms()))
    }

    /// The leases of a key.
    pub(crate) fn slots(&self, key: &Key) -> String {
        self.name(key, format_args!("s"))
    }

    /// The counter of a key for a quota.
    pub(crate) fn quota(&self, key: &Key, quota: &Quota) -> String {
        let (period, offset) = (quota.period().as_str(), quota.utc_offset_minutes());
        self.name(key, format_args!("q:{period}:{offset}"))
    }

    fn name(&self, key: &Key, counter: fmt::Arguments<'_>) -> String {
        let mut name = String::with_capacity(96);
        name.push_str(&self.prefix);
        name.push_str(":{");
        if let Some(partition) = key.partition() {
            push_text(&mut name, partition);
            name.push('}');
        }
        push_text(&mut name, key.space());
        name.push(':');
        push_text(&mut name, key.subject());
        if key.partition().is_none() {
            name.push('}');
        }
        name.push(':');
        // Writing to a string can't fail.
        write!(name, "{counter}").ok();
        name
    }
}

/// What a name hashes to in a cluster goes by: names with the same tag live together.
pub(crate) fn tag(name: &str) -> &str {
    let inside = name.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    inside.map_or(name, |(tag, _)| tag)
}

fn push_text(name: &mut String, text: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'~' | b'-');
    let bytes: usize = text.bytes().map(|byte| if plain(byte) { 1 } else { 3 }).sum();
    if bytes == text.len() && bytes <= LONGEST_TEXT {
        name.push_str(text);
    } else if bytes <= LONGEST_TEXT {
        for byte in text.bytes() {
            if plain(byte) {
                name.push(char::from(byte));
            } else {
                write!(name, "%{byte:02X}").ok();
            }
        }
    } else {
        push_hash(name, text);
    }
}

/// `#` and the SHA-256 of a text in base64url, 43 letters.
fn push_hash(name: &mut String, text: &str) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    name.push('#');
    for three in Sha256::digest(text).chunks(3) {
        let word = three.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            let letter = LETTERS[(word >> (18 - 6 * place) & 63) as usize];
            name.push(char::from(letter));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use limiter_core::{Period, limit};

    use super::*;

    fn name(space: &str, subject: &str, partition: Option<&str>) -> String {
        let key = Key::new(space, subject).unwrap();
        let key = partition.map_or(key.clone(), |partition| key.with_partition(partition).unwrap());
        Names::new("limiter").rate(&key, &limit!("5/min"))
    }

    #[test]
    fn names_are_readable() {
        assert_eq!(name("chat", "user-17", None), "limiter:{chat:user-17}:w:60000");
        assert_eq!(name("chat", "user-17", Some("tenant-9")), "limiter:{tenant-9}chat:user-17:w:60000");
        assert_eq!(name("chat", "", None), "limiter:{chat:}:w:60000");
        assert_eq!(name("chat", "a:{b}\0ü", None), "limiter:{chat:a%3A%7Bb%7D%00%C3%BC}:w:60000");
    }

    #[test]
    fn what_could_be_taken_for_another_isnt() {
        let parts = ["a", "a:b", "a}b", "{a", "%61", "#", "", "b", &"x".repeat(41), &"y".repeat(512)];
        let mut names = std::collections::HashSet::new();
        let mut made = 0;
        for space in ["a", "b", "a.b"] {
            for subject in parts {
                names.insert(name(space, subject, None));
                made += 1;
                for partition in parts.iter().filter(|partition| !partition.is_empty()) {
                    names.insert(name(space, subject, Some(partition)));
                    made += 1;
                }
            }
        }
        assert_eq!(names.len(), made);
    }

    #[test]
    fn no_name_is_longer_than_200_bytes() {
        let long = "ü".repeat(256);
        let key = Key::new(&"s".repeat(64), &long).unwrap().with_partition(&long).unwrap();
        let names = Names::new(&"p".repeat(40));
        let day = Duration::from_secs(366 * 86_400);
        let quota = Quota::new(1, Period::Month).unwrap().with_utc_offset_minutes(-1080).unwrap();
        for name in [
            names.rate(&key, &Limit::sliding_log(1, day).unwrap()),
            names.slots(&key),
            names.quota(&key, &quota),
        ] {
            assert!(name.len() + ":e".len() <= 200, "{name}");
        }
    }

    #[test]
    fn a_hash_is_what_other_languages_make_of_it() {
        // printf '%s' "$text" | sha256sum, and that in base64url without padding.
        let expected = "limiter:{chat:#kOa3wrdexdqmh2Ab-fdg6ApsotJp0Hi9YXX0rIK2mg0}:w:60000";
        assert_eq!(name("chat", &"x".repeat(41), None).len(), expected.len());
    }

    #[test]
    fn the_tag_is_the_partition_or_the_whole_key() {
        assert_eq!(tag(&name("chat", "u1", None)), "chat:u1");
        assert_eq!(tag(&name("chat", "u1", Some("t"))), "t");
    }
}
