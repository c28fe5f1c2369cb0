//! What changes a store.

/// A call that changes a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A hit with one charge.
    HitOne,
    /// A hit with three charges, each of another algorithm.
    HitThree,
    /// The refund of such a hit.
    Refund,
    /// A record on a quota.
    Record,
    /// An acquire in three scopes.
    Acquire,
    /// The renewal of such a lease.
    Renew,
    /// Its release.
    Release,
    /// A reservation over three quotas.
    Reserve,
    /// Its settlement.
    Settle,
}

impl Operation {
    /// All that there are.
    pub const ALL: [Self; 9] = [
        Self::HitOne,
        Self::HitThree,
        Self::Refund,
        Self::Record,
        Self::Acquire,
        Self::Renew,
        Self::Release,
        Self::Reserve,
        Self::Settle,
    ];

    /// Whether it carries an id, so that it may be asked again.
    pub const fn is_repeatable(self) -> bool {
        matches!(self, Self::Acquire | Self::Renew | Self::Release | Self::Reserve | Self::Settle)
    }
}
