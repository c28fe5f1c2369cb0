//! A limit set: `"5/min; 60/hour"`, or a list of limits in either form.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::two_forms::TwoForms;
use crate::limit::Limit;
use crate::limit_set::LimitSet;

impl Serialize for LimitSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LimitSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(TextOrList)
        } else {
            deserializer.deserialize_str(TextOrList)
        }
    }
}

impl TwoForms for LimitSet {
    type Structure = Vec<<Limit as TwoForms>::Structure>;

    fn to_structure(&self) -> Self::Structure {
        self.iter().map(TwoForms::to_structure).collect()
    }

    fn from_structure(limits: Self::Structure) -> crate::Result<Self> {
        let limits: Vec<Limit> =
            limits.into_iter().map(TwoForms::from_structure).collect::<crate::Result<_>>()?;
        Self::new(limits)
    }
}

struct TextOrList;

impl<'de> Visitor<'de> for TextOrList {
    type Value = LimitSet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("limits as text, such as \"5/min; 60/hour\", or a list of limits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<LimitSet, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LimitSet, A::Error> {
        let mut limits: Vec<Limit> = Vec::new();
        while let Some(limit) = list.next_element()? {
            limits.push(limit);
        }
        LimitSet::new(limits).map_err(|error| A::Error::custom(error.message()))
    }
}
