//! What a slot limiter answered, and what can be expected of it.

use std::fmt::Display;

use limiter_core::{Acquired, Acquisition, ErrorKind, Full, Lease, Result};

use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// An answer under trial: each expectation that it doesn't meet breaks the promise.
#[derive(Debug)]
#[must_use = "an answer of which nothing is expected proves nothing"]
pub(crate) struct SlotAnswer<T> {
    promise: Promise,
    asked: String,
    got: Result<T>,
}

impl<T> SlotAnswer<T> {
    pub(crate) const fn new(promise: Promise, asked: String, got: Result<T>) -> Self {
        Self { promise, asked, got }
    }

    /// Another expectation, in words.
    pub(crate) fn expect(
        &self,
        wanted: impl Display,
        met: impl FnOnce(&T) -> bool,
        told: impl FnOnce(&T) -> String,
    ) -> Kept<&T> {
        match &self.got {
            Ok(got) if met(got) => Ok(got),
            Ok(got) => Err(self.broken(wanted, told(got))),
            Err(error) => Err(self.broken(wanted, error)),
        }
    }

    fn broken(&self, wanted: impl Display, got: impl Display) -> Broken {
        self.promise.broken(&*self.asked, wanted, got)
    }
}

impl SlotAnswer<Acquisition> {
    /// Whether it was granted; refused is an answer too.
    pub(crate) fn is_granted(&self) -> Kept<bool> {
        self.expect("granted or refused", |_| true, told).map(Acquisition::is_acquired)
    }

    /// Granted in every scope.
    pub(crate) fn granted(&self) -> Kept<&Acquired> {
        match self.expect("granted", Acquisition::is_acquired, told)? {
            Acquisition::Acquired(acquired) => Ok(acquired),
            Acquisition::Full(_) => Err(self.broken("granted", "refused")),
        }
    }

    /// The lease that was granted.
    pub(crate) fn lease(&self) -> Kept<Lease> {
        self.granted().map(|acquired| acquired.lease.clone())
    }

    /// Refused by some scope.
    pub(crate) fn refused(&self) -> Kept<&Full> {
        match self.expect("refused", |got| !got.is_acquired(), told)? {
            Acquisition::Full(full) => Ok(full),
            Acquisition::Acquired(_) => Err(self.broken("refused", "granted")),
        }
    }

    /// Refused, and this scope is named.
    pub(crate) fn refused_by(&self, scope: usize) -> Kept {
        let named = |got: &Acquisition| matches!(got, Acquisition::Full(full) if full.denied_by == scope);
        self.expect(format_args!("refused by scope {scope}"), named, told).map(drop)
    }

    /// So many permits are in use in each scope.
    pub(crate) fn in_use(&self, permits: &[u64]) -> Kept {
        let wanted = format_args!("in use {permits:?}");
        self.expect(wanted, |got| got.in_use() == permits, told).map(drop)
    }

    /// So many permits are in use in some of the scopes.
    pub(crate) fn in_use_of(&self, scopes: &[(usize, u64)]) -> Kept {
        let met = |got: &Acquisition| {
            let in_use = got.in_use();
            scopes.iter().all(|(scope, permits)| in_use.get(*scope) == Some(permits))
        };
        let words: Vec<_> =
            scopes.iter().map(|(scope, permits)| format!("{permits} in scope {scope}")).collect();
        self.expect(format_args!("in use {}", words.join(" and ")), met, told).map(drop)
    }

    /// A conflict error.
    pub(crate) fn conflict(&self) -> Kept {
        match &self.got {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            Err(error) => Err(self.broken("a conflict", error)),
            Ok(got) => Err(self.broken("a conflict", told(got))),
        }
    }

    /// Whether it failed with an error of that kind.
    pub(crate) fn is(&self, kind: ErrorKind) -> bool {
        matches!(&self.got, Err(error) if error.kind() == kind)
    }
}

impl SlotAnswer<Vec<bool>> {
    /// Whether each lease is live, or was.
    pub(crate) fn are(&self, live: &[bool]) -> Kept {
        self.expect(words(live), |got| got == live, |got| words(got)).map(drop)
    }

    /// An answer for the one lease, whichever it is.
    pub(crate) fn is_one_answer(&self) -> Kept {
        self.expect("one answer", |got| got.len() == 1, |got| words(got)).map(drop)
    }

    /// The one lease is live, or was.
    pub(crate) fn is_live(&self) -> Kept {
        self.are(&[true])
    }

    /// The one lease isn't live, or wasn't.
    pub(crate) fn is_lost(&self) -> Kept {
        self.are(&[false])
    }
}

impl SlotAnswer<u64> {
    /// So many permits.
    pub(crate) fn permits(&self, permits: u64) -> Kept {
        let wanted = format_args!("{permits} permits in use");
        self.expect(wanted, |got| *got == permits, |got| format!("{got} permits in use")).map(drop)
    }
}

/// An acquisition in words.
fn told(got: &Acquisition) -> String {
    match got {
        Acquisition::Acquired(acquired) => {
            format!("granted as {}, in use {:?}", acquired.lease.id(), acquired.in_use)
        }
        Acquisition::Full(full) => format!("refused by scope {}, in use {:?}", full.denied_by, full.in_use),
    }
}

fn words(live: &[bool]) -> String {
    let word = |live: &bool| if *live { "live" } else { "not live" };
    if live.is_empty() {
        "no answers".to_owned()
    } else {
        live.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}
