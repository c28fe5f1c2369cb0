//! What calls on quotas do, one after the other.

use std::collections::HashMap;
use std::fmt;

use limiter_core::algorithm::{self, QuotaCounter};
use limiter_core::{Key, Period, Quota, QuotaCharge, QuotaOutcome, Reservation, Reserved, Settlement};

use super::explain::Specification;

/// Quotas by core's pure functions, all calls at one time.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    now_ms: u64,
}

/// A call on quotas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaCall {
    /// Whether anything is left.
    Check(Key, Quota),
    /// Adds to what was used.
    Record(Key, Quota, u64),
    /// Sets units aside.
    Reserve(Reservation),
    /// Settles what was set aside.
    Settle(Settlement),
    /// Forgets a counter. Answered with no outcomes, allowed.
    Reset(Key, Quota),
}

/// The answer to a [`QuotaCall`], without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaAnswer {
    /// Whether it was allowed, and for each charge what is used and what is reserved.
    Counted(bool, Vec<(u64, u64)>),
    /// The id is in use with another amount, or was settled.
    Conflict,
}

impl Quotas {
    /// Quotas that are asked at a time, in milliseconds since the Unix epoch.
    pub const fn at(now_ms: u64) -> Self {
        Self { now_ms }
    }
}

impl From<QuotaOutcome> for QuotaAnswer {
    fn from(outcome: QuotaOutcome) -> Self {
        Self::from(vec![outcome])
    }
}

impl From<Vec<QuotaOutcome>> for QuotaAnswer {
    fn from(outcomes: Vec<QuotaOutcome>) -> Self {
        Self::Counted(outcomes.iter().all(QuotaOutcome::is_allowed), counted(&outcomes))
    }
}

impl From<Reserved> for QuotaAnswer {
    fn from(reserved: Reserved) -> Self {
        Self::Counted(reserved.is_granted(), counted(reserved.outcomes()))
    }
}

fn counted(outcomes: &[QuotaOutcome]) -> Vec<(u64, u64)> {
    outcomes.iter().map(|outcome| (outcome.used, outcome.reserved)).collect()
}

type Counters = HashMap<(Key, Period, i16), QuotaCounter>;

impl Specification for Quotas {
    type State = Counters;
    type Call = QuotaCall;
    type Answer = QuotaAnswer;

    fn start(&self) -> Counters {
        Counters::new()
    }

    fn apply(&self, state: &mut Counters, call: &QuotaCall) -> QuotaAnswer {
        let now_ms = self.now_ms;
        match call {
            QuotaCall::Check(key, quota) => {
                let counter = state.get(&place(key, quota)).cloned().unwrap_or_default();
                counter.check(quota, now_ms).into()
            }
            QuotaCall::Record(key, quota, amount) => {
                state.entry(place(key, quota)).or_default().record(quota, *amount, now_ms).into()
            }
            QuotaCall::Reserve(reservation) => {
                let reserve =
                    |counters: &mut [QuotaCounter]| algorithm::reserve(counters, reservation, now_ms);
                // The only error there is: a request that is valid conflicts or doesn't.
                changed(state, reservation.charges(), reserve)
                    .map_or(QuotaAnswer::Conflict, QuotaAnswer::from)
            }
            QuotaCall::Settle(settlement) => {
                let settle = |counters: &mut [QuotaCounter]| algorithm::settle(counters, settlement, now_ms);
                changed(state, settlement.charges(), settle).into()
            }
            QuotaCall::Reset(key, quota) => {
                state.remove(&place(key, quota));
                QuotaAnswer::Counted(true, Vec::new())
            }
        }
    }
}

fn place(key: &Key, quota: &Quota) -> (Key, Period, i16) {
    (key.clone(), quota.period(), quota.utc_offset_minutes())
}

/// Changes the counters of some charges together.
fn changed<T>(
    state: &mut Counters,
    charges: &[QuotaCharge],
    change: impl FnOnce(&mut [QuotaCounter]) -> T,
) -> T {
    let places: Vec<_> = charges.iter().map(|charge| place(charge.key(), charge.quota())).collect();
    let mut counters: Vec<_> = places.iter().map(|place| state.remove(place).unwrap_or_default()).collect();
    let answer = change(&mut counters);
    state.extend(places.into_iter().zip(counters));
    answer
}

/// The call in words. Of a key it shows the space alone.
impl fmt::Display for QuotaCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |charges: &[QuotaCharge]| {
            let line = |charge: &QuotaCharge| {
                format!("{} of {} by {}", charge.amount(), charge.key().space(), charge.quota())
            };
            charges.iter().map(line).collect::<Vec<_>>().join(" and ")
        };
        match self {
            Self::Check(key, quota) => write!(f, "check {} by {quota}", key.space()),
            Self::Record(key, quota, amount) => write!(f, "record {amount} of {} by {quota}", key.space()),
            Self::Reserve(request) => write!(f, "reserve {}: {}", request.id(), listed(request.charges())),
            Self::Settle(request) => write!(f, "settle {}: {}", request.id(), listed(request.charges())),
            Self::Reset(key, quota) => write!(f, "reset {} by {quota}", key.space()),
        }
    }
}

/// The answer in words.
impl fmt::Display for QuotaAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Counted(allowed, counted) = self else {
            return f.write_str("conflict");
        };
        f.write_str(if *allowed { "allowed" } else { "refused" })?;
        counted.iter().try_for_each(|(used, reserved)| write!(f, "; {used} used, {reserved} reserved"))
    }
}
