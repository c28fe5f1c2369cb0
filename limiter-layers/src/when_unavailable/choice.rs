//! What is done when the store can't be asked.

use std::sync::Arc;

/// What a part of a backend does with a call when the store is unavailable or doesn't answer in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenUnavailable {
    /// The error goes to the caller.
    #[default]
    Refuse,
    /// Lets through what nobody counted. What wouldn't fit even into empty counters is denied still.
    Allow,
    /// Asks another backend.
    Fallback,
}

impl WhenUnavailable {
    /// Its name in logs, metrics and descriptions: `refuse`, `allow`, `fallback`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Allow => "allow",
            Self::Fallback => "fallback",
        }
    }
}

/// The same choice for one part, with the limiter to fall back to.
#[derive(Debug)]
pub(super) enum Instead<L: ?Sized> {
    Refuse,
    Allow,
    Fallback(Arc<L>),
}

impl<L: ?Sized> Instead<L> {
    /// What is done by this choice. A fallback that isn't there refuses.
    pub(super) fn of(choice: WhenUnavailable, fallback: Option<Arc<L>>) -> Self {
        match (choice, fallback) {
            (WhenUnavailable::Allow, _) => Self::Allow,
            (WhenUnavailable::Fallback, Some(fallback)) => Self::Fallback(fallback),
            (WhenUnavailable::Refuse | WhenUnavailable::Fallback, _) => Self::Refuse,
        }
    }

    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Refuse => WhenUnavailable::Refuse.as_str(),
            Self::Allow => WhenUnavailable::Allow.as_str(),
            Self::Fallback(_) => WhenUnavailable::Fallback.as_str(),
        }
    }
}
