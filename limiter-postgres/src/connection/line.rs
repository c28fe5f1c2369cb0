//! A connection while it is in use.

use sqlx::postgres::PgConnection;

use super::given::Borrowed;
use super::pool::Lent;
use crate::error::Fate;

/// A connection while it is in use. Dropped before its end, as by a caller that gave up in the middle of a statement,
/// it is closed.
pub(super) enum Line {
    Own(Lent),
    Given(Borrowed),
}

impl Line {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Own(lent) => lent.connection(),
            Self::Given(borrowed) => borrowed.connection(),
        }
    }

    /// What it was used for is done.
    pub(super) fn end(self, fate: Fate) {
        match (self, fate) {
            (Self::Own(lent), Fate::Keep) => lent.give_back(),
            (Self::Given(borrowed), Fate::Keep) => borrowed.give_back(),
            (Self::Own(lent), Fate::CloseAll) => lent.close_all(),
            (Self::Own(_) | Self::Given(_), Fate::Close | Fate::CloseAll) => {}
        }
    }
}
