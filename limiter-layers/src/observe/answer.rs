//! What an answer tells.

use limiter_core::{Acquisition, Decision, ErrorKind, HeldLease, QuotaOutcome, Reserved, Retry, Source};

/// An answer of a limiter, as far as it is told.
pub(super) trait Answer {
    /// `allowed`, `denied`, or `done` where nothing is decided.
    fn outcome(&self) -> &'static str {
        DONE
    }

    /// Where it comes from, where it says so.
    fn source(&self) -> Option<Source> {
        None
    }

    /// How long to wait, where it says so.
    fn retry_after(&self) -> Option<Retry> {
        None
    }
}

const DONE: &str = "done";

/// `allowed` or `denied`.
pub(super) const fn outcome(allowed: bool) -> &'static str {
    if allowed { "allowed" } else { "denied" }
}

/// A source in a label.
pub(super) const fn source_name(source: Source) -> &'static str {
    match source {
        Source::Store => "store",
        Source::Overflow => "overflow",
        Source::Cache => "cache",
        Source::Prefetched => "prefetched",
        Source::Fallback => "fallback",
        Source::Uncounted => "uncounted",
        Source::Shadow => "shadow",
        _ => "other",
    }
}

/// A kind of error in a label.
pub(super) const fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Config => "config",
        ErrorKind::InvalidRequest => "invalid_request",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Capacity => "capacity",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::LeaseLost => "lease_lost",
        ErrorKind::Internal => "internal",
        _ => "other",
    }
}

impl Answer for () {}

impl Answer for u64 {}

impl Answer for Vec<bool> {}

impl Answer for Vec<HeldLease> {}

impl Answer for Decision {
    fn outcome(&self) -> &'static str {
        outcome(self.is_allowed())
    }

    fn source(&self) -> Option<Source> {
        Some(Self::source(self))
    }

    fn retry_after(&self) -> Option<Retry> {
        Self::retry_after(self)
    }
}

impl Answer for Acquisition {
    fn outcome(&self) -> &'static str {
        outcome(self.is_acquired())
    }

    fn source(&self) -> Option<Source> {
        Some(Self::source(self))
    }
}

impl Answer for QuotaOutcome {
    fn outcome(&self) -> &'static str {
        outcome(self.is_allowed())
    }

    fn source(&self) -> Option<Source> {
        Some(self.source)
    }

    fn retry_after(&self) -> Option<Retry> {
        self.retry_after
    }
}

impl Answer for Reserved {
    fn outcome(&self) -> &'static str {
        outcome(self.is_granted())
    }

    fn source(&self) -> Option<Source> {
        self.outcomes().first().map(|outcome| outcome.source)
    }

    fn retry_after(&self) -> Option<Retry> {
        Self::retry_after(self)
    }
}

impl Answer for Vec<QuotaOutcome> {
    fn source(&self) -> Option<Source> {
        self.first().map(|outcome| outcome.source)
    }
}
