//! How many calls that repeat a renewal may be under way.

use tokio::time::Instant;

const LANES: usize = 16;

/// A bound on them, so that a store that is coming back isn't asked for thousands of leases at once. A call that hangs
/// takes its place for a while only: it mustn't hold up the others until their leases run out.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Until when each call takes a place.
    taken: Vec<Instant>,
}

impl Lanes {
    /// A call takes a place until then.
    pub(super) fn take(&mut self, until: Instant) {
        self.taken.push(until);
    }

    /// The call that took a place until then has ended.
    pub(super) fn give_back(&mut self, until: Instant) {
        if let Some(place) = self.taken.iter().position(|taken| *taken == until) {
            self.taken.swap_remove(place);
        }
    }

    /// Whether there is a place.
    pub(super) fn are_free(&mut self, now: Instant) -> bool {
        self.taken.retain(|until| *until > now);
        self.taken.len() < LANES
    }

    /// When there is a place at the latest. `None`: there is one.
    pub(super) fn free_at(&self) -> Option<Instant> {
        if self.taken.len() < LANES { None } else { self.taken.iter().min().copied() }
    }
}
