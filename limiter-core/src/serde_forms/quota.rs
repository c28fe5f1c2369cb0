//! A quota: `"50 GiB/day"` or `{"max": 1000, "period": "day", "utc_offset_minutes": 330}`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::two_forms::{self, TwoForms};
use crate::error::Result;
use crate::period::Period;
use crate::quota::Quota;

const EXPECTING: &str =
    "a quota as text, such as \"50 GiB/day\", or as fields (max, period, utc_offset_minutes)";

/// The fields of a quota.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename = "Quota", deny_unknown_fields)]
pub struct Fields {
    max: u64,
    period: Period,
    #[serde(default)]
    utc_offset_minutes: i16,
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        two_forms::deserialize(deserializer, EXPECTING)
    }
}

impl TwoForms for Quota {
    type Structure = Fields;

    fn to_structure(&self) -> Fields {
        Fields { max: self.max(), period: self.period(), utc_offset_minutes: self.utc_offset_minutes() }
    }

    fn from_structure(fields: Fields) -> Result<Self> {
        let quota = Self::new(fields.max, fields.period)?;
        Ok(quota.with_utc_offset_minutes(fields.utc_offset_minutes)?)
    }
}
