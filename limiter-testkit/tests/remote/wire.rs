//! What client and server say to each other: a line of JSON each.

use std::time::Duration;

use limiter_core::{
    Acquired, Acquisition, Charge, Decision, Error, ErrorKind, Full, HeldLease, Key, Lease, LeaseId,
    LeaseRequest, Limit, Outcome, Quota, QuotaCharge, QuotaOutcome, Receipt, Reserved, Result, Retry, Source,
};
use serde::{Deserialize, Serialize};

/// Key, limit and cost.
pub(crate) type Line = (Key, Limit, u64);
/// Key, quota and amount.
pub(crate) type QuotaLine = (Key, Quota, u64);
/// Id, keys and TTL in milliseconds.
pub(crate) type LeaseLine = (String, Vec<Key>, u64);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    Ping,
    Hit(Vec<Line>),
    Peek(Vec<Line>),
    /// Each with the time at which it was charged.
    Refund(Vec<(Line, u64)>),
    Reset(Key, Limit),
    Acquire {
        id: String,
        scopes: Vec<(Key, u64)>,
        permits: u64,
        ttl_ms: u64,
    },
    Renew(Vec<LeaseLine>),
    Release(Vec<LeaseLine>),
    InUse(Key),
    Leases(Key),
    Check(Key, Quota),
    Record(Key, Quota, u64),
    Reserve {
        id: String,
        charges: Vec<QuotaLine>,
        ttl_ms: u64,
    },
    Settle {
        id: String,
        charges: Vec<QuotaLine>,
    },
    ResetQuota(Key, Quota),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Decision(Vec<OutcomeLine>),
    Acquired(Vec<u64>),
    Full {
        denied_by: usize,
        in_use: Vec<u64>,
    },
    Live(Vec<bool>),
    InUse(u64),
    Leases(Vec<(String, u64, u64)>),
    Quotas(Vec<QuotaOutcomeLine>),
    /// Whether it was granted.
    Reserved(bool, Vec<QuotaOutcomeLine>),
    /// Kind and message.
    Failed(String, String),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OutcomeLine {
    remaining: u64,
    reset_after_ms: u64,
    retry: Option<Wait>,
    charged_at_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct QuotaOutcomeLine {
    used: u64,
    reserved: u64,
    remaining: u64,
    reset_after_ms: u64,
    retry: Option<Wait>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Wait {
    Ms(u64),
    Never,
}

impl From<Retry> for Wait {
    fn from(retry: Retry) -> Self {
        retry.after().map_or(Self::Never, |wait| Self::Ms(ms(wait)))
    }
}

impl From<Wait> for Retry {
    fn from(wait: Wait) -> Self {
        match wait {
            Wait::Ms(wait_ms) => Self::After(Duration::from_millis(wait_ms)),
            Wait::Never => Self::Never,
        }
    }
}

pub(crate) fn lines(charges: &[Charge<'_>]) -> Vec<Line> {
    charges.iter().map(|charge| (charge.key().clone(), *charge.limit(), charge.cost())).collect()
}

pub(crate) fn charges(lines: &[Line]) -> Vec<Charge<'_>> {
    lines.iter().map(|(key, limit, cost)| Charge::new(key, limit).with_cost(*cost)).collect()
}

pub(crate) fn receipt_lines(receipt: &Receipt) -> Vec<(Line, u64)> {
    let line = |charge: Charge<'_>| (charge.key().clone(), *charge.limit(), charge.cost());
    receipt.lines().iter().map(|made| (line(made.charge()), made.charged_at_ms())).collect()
}

pub(crate) fn receipt(lines: &[(Line, u64)]) -> Result<Receipt> {
    let mut receipt = Receipt::new(Source::Store);
    for ((key, limit, cost), charged_at_ms) in lines {
        receipt.add(&Charge::new(key, limit).with_cost(*cost), *charged_at_ms)?;
    }
    Ok(receipt)
}

pub(crate) fn lease_lines(leases: &[Lease]) -> Vec<LeaseLine> {
    leases.iter().map(|lease| (lease.id().to_string(), lease.keys().to_vec(), lease.ttl_ms())).collect()
}

pub(crate) fn leases(lines: Vec<LeaseLine>) -> Result<Vec<Lease>> {
    let lease =
        |(id, keys, ttl_ms): LeaseLine| Lease::new(LeaseId::parse(&id)?, keys, Duration::from_millis(ttl_ms));
    lines.into_iter().map(lease).collect()
}

pub(crate) fn quota_lines(charges: &[QuotaCharge]) -> Vec<QuotaLine> {
    charges.iter().map(|charge| (charge.key().clone(), *charge.quota(), charge.amount())).collect()
}

pub(crate) fn quota_charges(lines: Vec<QuotaLine>) -> Vec<QuotaCharge> {
    lines.into_iter().map(|(key, quota, amount)| QuotaCharge::new(key, quota, amount)).collect()
}

impl Answer {
    pub(crate) fn of_decision(decision: &Decision) -> Self {
        let line = |outcome: &Outcome| OutcomeLine {
            remaining: outcome.remaining(),
            reset_after_ms: ms(outcome.reset_after()),
            retry: outcome.retry_after().map(Wait::from),
            charged_at_ms: outcome.charged_at_ms(),
        };
        Self::Decision(decision.outcomes().iter().map(line).collect())
    }

    pub(crate) fn of_acquisition(acquisition: Acquisition) -> Self {
        match acquisition {
            Acquisition::Acquired(Acquired { in_use, .. }) => Self::Acquired(in_use),
            Acquisition::Full(Full { denied_by, in_use, .. }) => Self::Full { denied_by, in_use },
        }
    }

    pub(crate) fn of_leases(leases: &[HeldLease]) -> Self {
        Self::Leases(leases.iter().map(|held| (held.id.to_string(), held.permits, held.expires_ms)).collect())
    }

    pub(crate) fn of_quotas(outcomes: &[QuotaOutcome]) -> Self {
        Self::Quotas(outcomes.iter().map(quota_line).collect())
    }

    pub(crate) fn of_reserved(reserved: &Reserved) -> Self {
        Self::Reserved(reserved.is_granted(), reserved.outcomes().iter().map(quota_line).collect())
    }

    pub(crate) fn of_error(error: &Error) -> Self {
        Self::Failed(error.kind().to_string(), error.message().to_owned())
    }

    pub(crate) fn done(self) -> Result<()> {
        if let Self::Done = self { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(crate) fn decision(self) -> Result<Decision> {
        let Self::Decision(lines) = self else { return Err(self.unexpected()) };
        Ok(Decision::new(Source::Store, lines.iter().enumerate().map(|(place, line)| line.outcome(place))))
    }

    pub(crate) fn acquisition(self, request: &LeaseRequest) -> Result<Acquisition> {
        match self {
            Self::Acquired(in_use) => {
                Ok(Acquisition::Acquired(Acquired { lease: request.lease(), in_use, source: Source::Store }))
            }
            Self::Full { denied_by, in_use } => {
                Ok(Acquisition::Full(Full { denied_by, in_use, source: Source::Store }))
            }
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn live(self) -> Result<Vec<bool>> {
        if let Self::Live(live) = self { Ok(live) } else { Err(self.unexpected()) }
    }

    pub(crate) fn in_use(self) -> Result<u64> {
        if let Self::InUse(in_use) = self { Ok(in_use) } else { Err(self.unexpected()) }
    }

    pub(crate) fn leases(self) -> Result<Vec<HeldLease>> {
        let Self::Leases(lines) = self else { return Err(self.unexpected()) };
        let held = |(id, permits, expires_ms): (String, u64, u64)| {
            Ok(HeldLease { id: LeaseId::parse(&id)?, permits, expires_ms })
        };
        lines.into_iter().map(held).collect()
    }

    pub(crate) fn quotas(self) -> Result<Vec<QuotaOutcome>> {
        let Self::Quotas(lines) = self else { return Err(self.unexpected()) };
        Ok(lines.iter().map(QuotaOutcomeLine::outcome).collect())
    }

    pub(crate) fn quota(self) -> Result<QuotaOutcome> {
        let Self::Quotas(lines) = &self else { return Err(self.unexpected()) };
        lines.first().map(QuotaOutcomeLine::outcome).ok_or_else(|| self.unexpected())
    }

    pub(crate) fn reserved(self) -> Result<Reserved> {
        let Self::Reserved(granted, lines) = self else { return Err(self.unexpected()) };
        let outcomes = lines.iter().map(QuotaOutcomeLine::outcome).collect();
        Ok(if granted { Reserved::Granted(outcomes) } else { Reserved::Refused(outcomes) })
    }

    /// What the server reports, or that it is another kind of answer.
    fn unexpected(&self) -> Error {
        match self {
            Self::Failed(kind, message) => Error::new(kind_of(kind), message.clone()),
            other => Error::new(ErrorKind::Protocol, format!("{other:?} is no answer to this call")),
        }
    }
}

impl OutcomeLine {
    fn outcome(&self, place: usize) -> Outcome {
        let outcome = match self.retry {
            None => Outcome::fitting(place, self.remaining, self.reset_after_ms),
            Some(Wait::Never) => Outcome::refused(place, self.remaining, self.reset_after_ms, None),
            Some(Wait::Ms(ms)) => Outcome::refused(place, self.remaining, self.reset_after_ms, Some(ms)),
        };
        self.charged_at_ms.map_or(outcome, |charged_at_ms| outcome.charged_at(charged_at_ms))
    }
}

impl QuotaOutcomeLine {
    fn outcome(&self) -> QuotaOutcome {
        QuotaOutcome {
            used: self.used,
            reserved: self.reserved,
            remaining: self.remaining,
            reset_after: Duration::from_millis(self.reset_after_ms),
            retry_after: self.retry.map(Retry::from),
            source: Source::Store,
        }
    }
}

fn quota_line(outcome: &QuotaOutcome) -> QuotaOutcomeLine {
    QuotaOutcomeLine {
        used: outcome.used,
        reserved: outcome.reserved,
        remaining: outcome.remaining,
        reset_after_ms: ms(outcome.reset_after),
        retry: outcome.retry_after.map(Wait::from),
    }
}

fn kind_of(words: &str) -> ErrorKind {
    let kinds = [ErrorKind::InvalidRequest, ErrorKind::Conflict, ErrorKind::Capacity, ErrorKind::Unsupported];
    kinds.into_iter().find(|kind| kind.as_str() == words).unwrap_or(ErrorKind::Protocol)
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
