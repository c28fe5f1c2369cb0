//! When a lease is renewed, asked for again, and no longer relied on.

use std::time::Duration;

use tokio::time::Instant;

const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const CLOCKS: Duration = Duration::from_millis(2);

/// The times of a lease, by its TTL. All are counted from before the call that set the expiry was sent, because
/// the store counts the TTL from some moment after that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    ttl: Duration,
}

impl Pace {
    pub(super) const fn new(ttl_ms: u64) -> Self {
        Self { ttl: Duration::from_millis(ttl_ms) }
    }

    /// From when on the lease may be renewed along with another that is due.
    pub(super) fn renew_from(self, sent: Instant) -> Instant {
        sent + self.ttl / 4
    }

    /// When the lease is due to be renewed.
    pub(super) fn renew_at(self, sent: Instant) -> Instant {
        sent + self.ttl / 3
    }

    /// Until when a holder may rely on the lease: a little less than its TTL. Both clocks cut off parts of a
    /// millisecond, timers fire up to one late, and no two clocks run alike.
    pub(super) fn ends(self, sent: Instant) -> Instant {
        sent + self.ttl - (self.ttl / 100 + CLOCKS).min(self.ttl / 4)
    }

    /// By when the store has freed the lease by itself, if nothing that prolongs it was sent after `last`.
    pub(super) fn freed_by(self, last: Instant) -> Instant {
        last + self.ttl
    }

    /// How long to wait between a failed renewal and the next.
    pub(super) fn pause(self) -> Duration {
        (self.ttl / 12).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }

    /// How long an answer to a renewal is awaited before it is asked for again, with `left` until the end: there
    /// is time for several tries, and the earlier ones may still be answered.
    pub(super) fn patience(self, left: Duration) -> Duration {
        (left / 2).max(self.pause())
    }
}
