//! Answers in words.

use std::fmt::Write;

use limiter_core::{Acquisition, Decision, HeldLease, QuotaOutcome, Reserved, Result};

/// An answer that can be told to a person.
pub(crate) trait Words {
    /// What it says.
    fn words(&self) -> String;
}

impl<T: Words> Words for Result<T> {
    fn words(&self) -> String {
        match self {
            Ok(answer) => answer.words(),
            Err(error) => error.to_string(),
        }
    }
}

impl Words for () {
    fn words(&self) -> String {
        "done".to_owned()
    }
}

impl Words for u64 {
    fn words(&self) -> String {
        self.to_string()
    }
}

impl Words for Decision {
    fn words(&self) -> String {
        let mut words = String::from(if self.is_allowed() { "allowed" } else { "denied" });
        for outcome in self.outcomes() {
            let (remaining, reset_after) = (outcome.remaining(), outcome.reset_after());
            let _ = write!(words, "; {remaining} remaining, reset after {reset_after:?}");
            if let Some(retry) = outcome.retry_after() {
                let _ = write!(words, ", {retry}");
            }
            if let Some(charged_at_ms) = outcome.charged_at_ms() {
                let _ = write!(words, ", charged at {charged_at_ms}");
            }
        }
        words
    }
}

impl Words for Acquisition {
    fn words(&self) -> String {
        match self {
            Self::Acquired(acquired) => format!("granted, in use {:?}", acquired.in_use),
            Self::Full(full) => format!("scope {} is full, in use {:?}", full.denied_by + 1, full.in_use),
        }
    }
}

impl Words for Vec<bool> {
    fn words(&self) -> String {
        let live = |live: &bool| if *live { "live" } else { "not live" };
        self.iter().map(live).collect::<Vec<_>>().join(", ")
    }
}

impl Words for Vec<HeldLease> {
    fn words(&self) -> String {
        let lease =
            |lease: &HeldLease| format!("{} holds {} until {}", lease.id, lease.permits, lease.expires_ms);
        if self.is_empty() {
            "no leases".to_owned()
        } else {
            self.iter().map(lease).collect::<Vec<_>>().join(", ")
        }
    }
}

impl Words for QuotaOutcome {
    fn words(&self) -> String {
        let Self { used, reserved, remaining, reset_after, retry_after, source } = self;
        let retry = retry_after.map_or_else(|| "allowed".to_owned(), |retry| format!("refused, {retry}"));
        format!(
            "{retry}; {used} used, {reserved} reserved, {remaining} remaining, reset after {reset_after:?}, told by {source:?}"
        )
    }
}

impl Words for Vec<QuotaOutcome> {
    fn words(&self) -> String {
        self.iter().map(Words::words).collect::<Vec<_>>().join("; ")
    }
}

impl Words for Reserved {
    fn words(&self) -> String {
        let granted = if self.is_granted() { "granted" } else { "refused" };
        format!("{granted}: {}", self.outcomes().to_vec().words())
    }
}
