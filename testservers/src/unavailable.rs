//! Why there is no server.

use std::fmt::Display;

/// Why a server can't be had, for people: what was tried, what came of it (the end of the server's own log where
/// there is one) and, where something can be done about it, what.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(String);

impl Unavailable {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Puts what was being done in front of an error of another kind.
pub(crate) trait OrUnavailable<T> {
    fn or_unavailable(self, doing: impl Display) -> Result<T, Unavailable>;
}

impl<T, E: Display> OrUnavailable<T> for Result<T, E> {
    fn or_unavailable(self, doing: impl Display) -> Result<T, Unavailable> {
        self.map_err(|error| Unavailable(format!("{doing}: {error}")))
    }
}
