//! What a call is about.

use std::fmt;

use limiter_core::{Charge, Key, Lease, LeaseRequest, Limit, Quota, QuotaCharge, Receipt, Scope};

use crate::unlimited::needs_store;

/// What is limited to how much: what a metric calls the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bound {
    Rate(Limit),
    Cap(u64),
    Quota(Quota),
}

impl Bound {
    /// The part of a backend that it belongs to.
    pub(super) const fn part(self) -> &'static str {
        match self {
            Self::Rate(_) => "rates",
            Self::Cap(_) => "slots",
            Self::Quota(_) => "quotas",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(limit) => limit.fmt(f),
            Self::Cap(cap) => write!(f, "{cap} at a time"),
            Self::Quota(quota) => quota.fmt(f),
        }
    }
}

/// The arguments of a call. Nothing is made of them unless somebody listens.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    Charges(&'a [Charge<'a>]),
    Receipt(&'a Receipt),
    Counter(&'a Key, Bound),
    Request(&'a LeaseRequest),
    Leases(&'a [Lease]),
    Key(&'a Key),
    Amount(&'a Key, Bound, u64),
    Quotas(&'a [QuotaCharge]),
    Nothing,
}

impl<'a> What<'a> {
    /// The key of the first line. Looked up without allocating: a build whose `tracing` also writes to `log` asks for
    /// it even when nobody listens.
    pub(super) fn key(self) -> Option<&'a Key> {
        match self {
            Self::Charges(charges) => charges.first().map(Charge::key),
            Self::Receipt(receipt) => receipt.lines().first().map(|line| line.charge().key()),
            Self::Counter(key, _) | Self::Key(key) | Self::Amount(key, ..) => Some(key),
            Self::Request(request) => request.scopes().first().map(Scope::key),
            Self::Leases(leases) => leases.first().and_then(|lease| lease.keys().first()),
            Self::Quotas(charges) => charges.first().map(QuotaCharge::key),
            Self::Nothing => None,
        }
    }

    /// The keys, line by line; of a lease all of its keys.
    pub(super) fn keys(self) -> Vec<&'a Key> {
        match self {
            Self::Charges(charges) => charges.iter().map(Charge::key).collect(),
            Self::Receipt(receipt) => receipt.lines().iter().map(|line| line.charge().key()).collect(),
            Self::Counter(key, _) | Self::Key(key) | Self::Amount(key, ..) => vec![key],
            Self::Request(request) => request.scopes().iter().map(Scope::key).collect(),
            Self::Leases(leases) => leases.iter().flat_map(Lease::keys).collect(),
            Self::Quotas(charges) => charges.iter().map(QuotaCharge::key).collect(),
            Self::Nothing => Vec::new(),
        }
    }

    /// How many charges, scopes or leases there are.
    pub(super) fn lines(self) -> usize {
        match self {
            Self::Charges(charges) => charges.len(),
            Self::Receipt(receipt) => receipt.lines().len(),
            Self::Request(request) => request.scopes().len(),
            Self::Leases(leases) => leases.len(),
            Self::Quotas(charges) => charges.len(),
            Self::Counter(..) | Self::Key(_) | Self::Amount(..) => 1,
            Self::Nothing => 0,
        }
    }

    /// The limit of the first line.
    pub(super) fn bound(self) -> Option<Bound> {
        match self {
            Self::Charges(charges) => charges.first().map(|charge| Bound::Rate(*charge.limit())),
            Self::Receipt(receipt) => receipt.lines().first().map(|line| Bound::Rate(*line.charge().limit())),
            Self::Counter(_, bound) | Self::Amount(_, bound, _) => Some(bound),
            Self::Request(request) => request.scopes().first().map(|scope| Bound::Cap(scope.cap())),
            Self::Quotas(charges) => charges.first().map(|charge| Bound::Quota(*charge.quota())),
            Self::Leases(_) | Self::Key(_) | Self::Nothing => None,
        }
    }

    /// Whether the store has to be asked: what nothing limits is answered without it.
    pub(super) fn asks_store(self) -> bool {
        match self {
            Self::Charges(charges) => needs_store(charges),
            _ => true,
        }
    }

    /// The units of the first line.
    pub(super) fn units(self) -> Option<u64> {
        match self {
            Self::Charges(charges) => charges.first().map(Charge::cost),
            Self::Receipt(receipt) => receipt.lines().first().map(|line| line.charge().cost()),
            Self::Amount(_, _, amount) => Some(amount),
            Self::Request(request) => Some(request.permits()),
            Self::Leases(leases) => leases.first().map(Lease::permits),
            Self::Quotas(charges) => charges.first().map(QuotaCharge::amount),
            Self::Counter(..) | Self::Key(_) | Self::Nothing => None,
        }
    }
}
