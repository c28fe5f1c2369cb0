//! A limit: `"5/min"` or `{"algorithm": "sliding_window", "max": 5, "window_ms": 60000}`.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::two_forms::{self, TwoForms};
use crate::error::{Error, Result};
use crate::limit::{Algorithm, Limit};

const EXPECTING: &str = "a limit as text, such as \"5/min\", or as fields (algorithm, max, window_ms, …)";

/// The fields of a limit. In a format that doesn't describe itself all of them are written.
#[derive(Debug, Deserialize)]
#[serde(rename = "Limit", deny_unknown_fields)]
pub struct Fields {
    algorithm: Algorithm,
    max: Option<u64>,
    window_ms: Option<u64>,
    burst: Option<u64>,
    #[serde(default)]
    count_denied: bool,
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        two_forms::deserialize(deserializer, EXPECTING)
    }
}

impl TwoForms for Limit {
    type Structure = Fields;

    fn to_structure(&self) -> Fields {
        let limited = !self.is_unlimited();
        Fields {
            algorithm: self.algorithm(),
            max: limited.then_some(self.max()),
            window_ms: limited.then_some(self.window_ms()),
            burst: (self.capacity() != self.max()).then_some(self.capacity()),
            count_denied: self.counts_denied(),
        }
    }

    fn from_structure(fields: Fields) -> Result<Self> {
        let mut limit = fields.without_options()?;
        if let Some(burst) = fields.burst {
            limit = limit.with_burst(burst)?;
        }
        if fields.count_denied {
            limit = limit.counting_denied()?;
        }
        Ok(limit)
    }
}

impl Fields {
    fn without_options(&self) -> Result<Limit> {
        match (self.algorithm, self.max, self.window_ms) {
            (Algorithm::Unlimited, None, None) => Ok(Limit::UNLIMITED),
            (Algorithm::Unlimited, Some(max), _) => Err(Error::invalid("max", max, "no max for unlimited")),
            (Algorithm::Unlimited, None, Some(window)) => {
                Err(Error::invalid("window_ms", window, "no window for unlimited"))
            }
            (_, None, _) => Err(missing("max", "a number of units, 0 to 2^53 - 1")),
            (_, _, None) => Err(missing("window_ms", "1 to 31622400000 (366 days)")),
            (algorithm, Some(max), Some(window_ms)) => Ok(Limit::from_ms(algorithm, max, window_ms)?),
        }
    }
}

fn missing(field: &str, accepted: &str) -> Error {
    Error::invalid(field, "missing", accepted)
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let compact = !serializer.is_human_readable();
        let numbers = [("max", self.max), ("window_ms", self.window_ms), ("burst", self.burst)];
        let shown = |number: &Option<u64>| compact || number.is_some();
        let with_denied = compact || self.count_denied;
        let count = numbers.iter().filter(|(_, number)| shown(number)).count();
        let mut fields = serializer.serialize_struct("Limit", 1 + count + usize::from(with_denied))?;
        fields.serialize_field("algorithm", &self.algorithm)?;
        for (name, number) in numbers {
            if shown(&number) {
                fields.serialize_field(name, &number)?;
            } else {
                fields.skip_field(name)?;
            }
        }
        if with_denied {
            fields.serialize_field("count_denied", &self.count_denied)?;
        } else {
            fields.skip_field("count_denied")?;
        }
        fields.end()
    }
}
