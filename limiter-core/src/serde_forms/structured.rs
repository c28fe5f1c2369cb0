//! Writes and reads limits, limit sets and quotas as structure instead of text, for serde's `with`.
//!
//! ```
//! use limiter_core::{Limit, limit};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Route {
//!     text: Limit,
//!     #[serde(with = "limiter_core::structured")]
//!     fields: Limit,
//! }
//!
//! let route = Route { text: limit!("5/min"), fields: limit!("bucket 10/s burst 20") };
//! assert_eq!(
//!     serde_json::to_value(&route)?,
//!     serde_json::json!({
//!         "text": "5/min",
//!         "fields": {"algorithm": "token_bucket", "max": 10, "window_ms": 1000, "burst": 20},
//!     }),
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! The fields of a limit are `algorithm` (`fixed_window`, `sliding_window`, `sliding_log`, `token_bucket`,
//! `unlimited`), `max` and `window_ms` (neither for `unlimited`), `burst` (a token bucket's only; `max` when
//! left out) and `count_denied` (`false` when left out). Those of a quota are `max`, `period` (`hour`, `day`,
//! `week`, `month`, `year`) and `utc_offset_minutes` (0 when left out). A limit set is a list of limits.
//! No other field is accepted.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::two_forms::{TwoForms, from_structure};
use crate::limit::Limit;
use crate::limit_set::LimitSet;
use crate::quota::Quota;

/// What has a structure besides its text: [`Limit`], [`LimitSet`] and [`Quota`].
pub trait Structured: TwoForms {}

impl Structured for Limit {}
impl Structured for LimitSet {}
impl Structured for Quota {}

/// Writes the fields.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Structured, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.to_structure().serialize(serializer)
}

/// Reads the fields; in a format that describes itself, such as JSON, also the text.
///
/// # Errors
/// Those of the deserializer, for a field that is unknown, missing or of another type, and for fields that
/// break a rule of the limit or quota.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Structured,
    D: Deserializer<'de>,
{
    if deserializer.is_human_readable() {
        return T::deserialize(deserializer);
    }
    from_structure(T::Structure::deserialize(deserializer)?)
}
