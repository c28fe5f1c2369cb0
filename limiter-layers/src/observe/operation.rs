//! What a limiter is asked to do.

/// A method of one of the traits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Hit,
    Peek,
    Refund,
    ResetRate,
    Acquire,
    Renew,
    Release,
    InUse,
    Leases,
    Check,
    Record,
    Reserve,
    Settle,
    ResetQuota,
    Ping,
}

impl Operation {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Ping as usize + 1;

    /// The part of a backend that it belongs to.
    pub(super) const fn part(self) -> &'static str {
        match self {
            Self::Hit | Self::Peek | Self::Refund | Self::ResetRate => "rates",
            Self::Acquire | Self::Renew | Self::Release | Self::InUse | Self::Leases => "slots",
            Self::Check | Self::Record | Self::Reserve | Self::Settle | Self::ResetQuota => "quotas",
            Self::Ping => "control",
        }
    }

    /// What its trait calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Peek => "peek",
            Self::Refund => "refund",
            Self::ResetRate | Self::ResetQuota => "reset",
            Self::Acquire => "acquire",
            Self::Renew => "renew",
            Self::Release => "release",
            Self::InUse => "in_use",
            Self::Leases => "leases",
            Self::Check => "check",
            Self::Record => "record",
            Self::Reserve => "reserve",
            Self::Settle => "settle",
            Self::Ping => "ping",
        }
    }
}
