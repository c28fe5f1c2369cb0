//! The answers, in the form in which a trace writes them.

use std::time::Duration;

use limiter_core::{Acquisition, Decision, Error, ErrorKind, Outcome, QuotaOutcome, Reserved, Result, Retry};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The whole answer to one call.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    /// Of a call that answers nothing.
    Done,
    Rates(Rates),
    Acquire(Acquire),
    Live(Live),
    InUse(InUse),
    Quota(QuotaAnswer),
    Reserve(Reserve),
    Settle(Settle),
    Failed(Failed),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rates {
    allowed: bool,
    outcomes: Vec<RateAnswer>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateAnswer {
    allowed: bool,
    remaining: u64,
    #[serde(deserialize_with = "present")]
    retry_after_ms: Option<u64>,
    reset_after_ms: u64,
    #[serde(deserialize_with = "present")]
    charged_at_ms: Option<u64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acquire {
    granted: bool,
    #[serde(deserialize_with = "present")]
    denied_by: Option<usize>,
    in_use: Vec<u64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Live {
    pub(super) live: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InUse {
    pub(super) in_use: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaAnswer {
    allowed: bool,
    used: u64,
    reserved: u64,
    remaining: u64,
    #[serde(deserialize_with = "present")]
    retry_after_ms: Option<u64>,
    reset_after_ms: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reserve {
    granted: bool,
    outcomes: Vec<QuotaAnswer>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settle {
    outcomes: Vec<QuotaAnswer>,
}

/// An error by its kind. The message is for whoever reads a mismatch.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failed {
    error: KindText,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The kinds of error that a trace may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindText {
    Config,
    InvalidRequest,
    Conflict,
    Capacity,
    Timeout,
    Unavailable,
    Protocol,
    Unsupported,
    LeaseLost,
    Internal,
}

impl Answer {
    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        Self::Failed(Failed { error: error.kind().into(), message: Some(error.to_string()) })
    }
}

/// Failures are equal when their kinds are.
impl PartialEq for Failed {
    fn eq(&self, other: &Self) -> bool {
        self.error == other.error
    }
}

impl From<ErrorKind> for KindText {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Config => Self::Config,
            ErrorKind::InvalidRequest => Self::InvalidRequest,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Capacity => Self::Capacity,
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::Protocol => Self::Protocol,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::LeaseLost => Self::LeaseLost,
            _ => Self::Internal,
        }
    }
}

impl Rates {
    pub(super) fn of(decision: &Decision) -> Result<Self> {
        let outcomes = decision.outcomes().iter().enumerate();
        Ok(Self {
            allowed: decision.is_allowed(),
            outcomes: outcomes
                .map(|(place, outcome)| RateAnswer::of(place, outcome))
                .collect::<Result<_>>()?,
        })
    }
}

impl RateAnswer {
    fn of(place: usize, outcome: &Outcome) -> Result<Self> {
        if outcome.charge() != place {
            let what = format!("outcome {place} is about charge {}", outcome.charge());
            return Err(Error::new(ErrorKind::Protocol, what));
        }
        Ok(Self {
            allowed: outcome.is_allowed(),
            remaining: outcome.remaining(),
            retry_after_ms: retry_ms(outcome.retry_after()),
            reset_after_ms: ms(outcome.reset_after()),
            charged_at_ms: outcome.charged_at_ms(),
        })
    }
}

impl From<&Acquisition> for Acquire {
    fn from(acquisition: &Acquisition) -> Self {
        let denied_by = match acquisition {
            Acquisition::Acquired(_) => None,
            Acquisition::Full(full) => Some(full.denied_by),
        };
        Self { granted: acquisition.is_acquired(), denied_by, in_use: acquisition.in_use().to_vec() }
    }
}

impl From<&QuotaOutcome> for QuotaAnswer {
    fn from(outcome: &QuotaOutcome) -> Self {
        Self {
            allowed: outcome.is_allowed(),
            used: outcome.used,
            reserved: outcome.reserved,
            remaining: outcome.remaining,
            retry_after_ms: retry_ms(outcome.retry_after),
            reset_after_ms: ms(outcome.reset_after),
        }
    }
}

impl From<&Reserved> for Reserve {
    fn from(reserved: &Reserved) -> Self {
        Self {
            granted: reserved.is_granted(),
            outcomes: reserved.outcomes().iter().map(QuotaAnswer::from).collect(),
        }
    }
}

impl From<&[QuotaOutcome]> for Settle {
    fn from(outcomes: &[QuotaOutcome]) -> Self {
        Self { outcomes: outcomes.iter().map(QuotaAnswer::from).collect() }
    }
}

/// A field that may be null and may not be left out.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(field)
}

/// Null for a call that fits and for one that never will: `allowed` tells which.
fn retry_ms(retry: Option<Retry>) -> Option<u64> {
    retry.and_then(Retry::after).map(ms)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
