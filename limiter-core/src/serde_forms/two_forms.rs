//! What is read from text or from structure.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use serde::ser::Serialize;

/// A word of this package that has a structure besides its text.
pub trait TwoForms: Serialize + DeserializeOwned {
    /// The fields, as serde reads and writes them; checked on the way back.
    type Structure: Serialize + DeserializeOwned;

    /// The fields of a valid value.
    fn to_structure(&self) -> Self::Structure;

    /// The value, or what rule its fields break.
    fn from_structure(structure: Self::Structure) -> crate::Result<Self>;
}

/// Reads text or a map of fields; only text in a format that doesn't describe itself.
pub(super) fn deserialize<'de, T, D>(deserializer: D, expecting: &'static str) -> Result<T, D::Error>
where
    T: TwoForms + FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let visitor = TextOrMap { expecting, value: PhantomData };
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(visitor)
    } else {
        deserializer.deserialize_str(visitor)
    }
}

/// The value of fields that have been read.
pub(super) fn from_structure<T: TwoForms, E: Error>(structure: T::Structure) -> Result<T, E> {
    T::from_structure(structure).map_err(|error| E::custom(error.message()))
}

struct TextOrMap<T> {
    expecting: &'static str,
    value: PhantomData<T>,
}

impl<'de, T: TwoForms + FromStr<Err: fmt::Display>> Visitor<'de> for TextOrMap<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        let structure = serde::Deserialize::deserialize(MapAccessDeserializer::new(fields))?;
        from_structure(structure)
    }
}
