//! A key: `[space, subject]`, `[space, subject, partition]`, or its parts by name. Written as the list.
//!
//! No error shows a subject or a partition, whatever stood in its place.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::key::Key;

const EXPECTING: &str = "a key as [space, subject], [space, subject, partition] or by name";

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let partition = self.partition();
        let mut list = serializer.serialize_seq(Some(2 + usize::from(partition.is_some())))?;
        list.serialize_element(self.space())?;
        list.serialize_element(self.subject())?;
        if let Some(partition) = partition {
            list.serialize_element(partition)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(ListOrMap)
        } else {
            deserializer.deserialize_seq(ListOrMap)
        }
    }
}

#[derive(Deserialize)]
#[serde(rename = "Key", deny_unknown_fields)]
struct Parts {
    space: Part,
    subject: Part,
    partition: Option<Part>,
}

impl Parts {
    fn key<E: Error>(&self) -> Result<Key, E> {
        let key = Key::new(&self.space.0, &self.subject.0);
        let key = match &self.partition {
            Some(partition) => key.and_then(|key| key.with_partition(&partition.0)),
            None => key,
        };
        key.map_err(|error| E::custom(error.message()))
    }
}

struct ListOrMap;

impl<'de> Visitor<'de> for ListOrMap {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTING)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Key, A::Error> {
        let missing = |length| A::Error::invalid_length(length, &EXPECTING);
        let parts = Parts {
            space: list.next_element()?.ok_or_else(|| missing(0))?,
            subject: list.next_element()?.ok_or_else(|| missing(1))?,
            partition: list.next_element()?,
        };
        if parts.partition.is_some() && list.next_element::<IgnoredAny>()?.is_some() {
            return Err(missing(4));
        }
        parts.key()
    }

    fn visit_map<A: MapAccess<'de>>(self, parts: A) -> Result<Key, A::Error> {
        Parts::deserialize(MapAccessDeserializer::new(parts))?.key()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Key, E> {
        Err(E::custom(format_args!("invalid type: text, expected {EXPECTING}")))
    }
}

/// Text. What stands there instead isn't shown.
struct Part(String);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for text, serde_json refuses anything else by itself, and shows it.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(PartVisitor)
        } else {
            deserializer.deserialize_string(PartVisitor)
        }
    }
}

struct PartVisitor;

impl PartVisitor {
    fn refuse<E: Error>(found: &str) -> Result<Part, E> {
        Err(E::custom(format_args!("invalid type: {found}, expected a key's part as text")))
    }
}

impl Visitor<'_> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key's part as text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Part, E> {
        Ok(Part(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Part, E> {
        Ok(Part(text))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Part, E> {
        Self::refuse("a boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Part, E> {
        Self::refuse("a number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Part, E> {
        Self::refuse("a number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Part, E> {
        Self::refuse("a number")
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Part, E> {
        Self::refuse("bytes")
    }
}
