//! The calls, in the form in which a trace writes them, and how to make them.

use limiter_core::Backend;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{Answer, Failed};
use super::quota::{self, AmountText};
use super::rate::{self, HitText, RefundText};
use super::slot::{self, ScopeText};
use super::words::{KeyText, LimitText, QuotaText};

/// One call. What breaks a rule of the limits, keys and ids is told as the answer when the call is made: a
/// trace may want just that.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Call {
    Hit { charges: Vec<HitText> },
    Peek { charges: Vec<HitText> },
    Refund { charges: Vec<RefundText> },
    Reset { key: KeyText, limit: LimitText },
    Acquire { id: String, scopes: Vec<ScopeText>, permits: u64, ttl_ms: u64 },
    Renew { id: String, keys: Vec<KeyText>, ttl_ms: u64 },
    Release { id: String, keys: Vec<KeyText> },
    InUse { key: KeyText },
    Check { key: KeyText, quota: QuotaText },
    Record { key: KeyText, quota: QuotaText, amount: u64 },
    Reserve { id: String, charges: Vec<AmountText>, ttl_ms: u64 },
    Settle { id: String, charges: Vec<AmountText> },
}

impl Call {
    /// The answer that a trace wants of this call.
    pub(super) fn want(&self, want: Option<Value>) -> Result<Answer, String> {
        if let Some(failure) = want.as_ref().filter(|want| want.get("error").is_some()) {
            return read::<Failed>(Some(failure.clone())).map(Answer::Failed);
        }
        match self {
            Self::Hit { .. } | Self::Peek { .. } => read(want).map(Answer::Rates),
            Self::Refund { .. } | Self::Reset { .. } => nothing(want.as_ref()),
            Self::Acquire { .. } => read(want).map(Answer::Acquire),
            Self::Renew { .. } | Self::Release { .. } => read(want).map(Answer::Live),
            Self::InUse { .. } => read(want).map(Answer::InUse),
            Self::Check { .. } | Self::Record { .. } => read(want).map(Answer::Quota),
            Self::Reserve { .. } => read(want).map(Answer::Reserve),
            Self::Settle { .. } => read(want).map(Answer::Settle),
        }
    }

    /// Puts every key into one partition.
    pub(super) fn put_into(&mut self, partition: &str) {
        for key in self.keys() {
            key.put_into(partition);
        }
    }

    fn keys(&mut self) -> Vec<&mut KeyText> {
        match self {
            Self::Hit { charges } | Self::Peek { charges } => {
                charges.iter_mut().map(|line| &mut line.key).collect()
            }
            Self::Refund { charges } => charges.iter_mut().map(|line| &mut line.key).collect(),
            Self::Acquire { scopes, .. } => scopes.iter_mut().map(|line| &mut line.key).collect(),
            Self::Reserve { charges, .. } | Self::Settle { charges, .. } => {
                charges.iter_mut().map(|line| &mut line.key).collect()
            }
            Self::Renew { keys, .. } | Self::Release { keys, .. } => keys.iter_mut().collect(),
            Self::Reset { key, .. }
            | Self::InUse { key }
            | Self::Check { key, .. }
            | Self::Record { key, .. } => vec![key],
        }
    }

    /// Makes the call.
    pub(super) async fn run(&self, backend: &Backend) -> Answer {
        let (rates, slots, quotas) = (&*backend.rates, &*backend.slots, &*backend.quotas);
        let answer = match self {
            Self::Hit { charges } => rate::hit(rates, charges).await,
            Self::Peek { charges } => rate::peek(rates, charges).await,
            Self::Refund { charges } => rate::refund(rates, charges).await,
            Self::Reset { key, limit } => rate::reset(rates, key, limit).await,
            Self::Acquire { id, scopes, permits, ttl_ms } => {
                slot::acquire(slots, id, scopes, *permits, *ttl_ms).await
            }
            Self::Renew { id, keys, ttl_ms } => slot::renew(slots, id, keys, *ttl_ms).await,
            Self::Release { id, keys } => slot::release(slots, id, keys).await,
            Self::InUse { key } => slot::in_use(slots, key).await,
            Self::Check { key, quota } => quota::check(quotas, key, quota).await,
            Self::Record { key, quota, amount } => quota::record(quotas, key, quota, *amount).await,
            Self::Reserve { id, charges, ttl_ms } => quota::reserve(quotas, id, charges, *ttl_ms).await,
            Self::Settle { id, charges } => quota::settle(quotas, id, charges).await,
        };
        answer.unwrap_or_else(Answer::from)
    }
}

fn read<T: DeserializeOwned>(want: Option<Value>) -> Result<T, String> {
    let want = want.ok_or("no want; accepted: the whole answer to the call")?;
    serde_json::from_value(want).map_err(|error| format!("want: {error}"))
}

/// A call that answers nothing wants nothing, or an error.
fn nothing(want: Option<&Value>) -> Result<Answer, String> {
    match want {
        None | Some(Value::Null) => Ok(Answer::Done),
        Some(want) => Err(format!(
            "want is {want}; accepted: none, or {{\"error\": kind}}, for this call answers nothing"
        )),
    }
}
