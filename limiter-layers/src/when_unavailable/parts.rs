//! One call over leases of several grantors, taken apart and put together again.

use limiter_core::{Error, ErrorKind, Lease, Result};

/// Some of a call's leases, and the places of their answers.
#[derive(Debug, Default)]
pub(super) struct Part {
    leases: Vec<Lease>,
    places: Vec<usize>,
}

impl Part {
    pub(super) fn push(&mut self, place: usize, lease: Lease) {
        self.places.push(place);
        self.leases.push(lease);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }

    pub(super) fn leases(&self) -> &[Lease] {
        &self.leases
    }

    /// Puts the answers in their places: a lease is live where one of its grantors says so.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) for more or fewer answers than leases.
    pub(super) fn tell(&self, live: &[bool], answers: &mut [bool]) -> Result<()> {
        if live.len() != self.places.len() {
            let message = format!("{} answers for {} leases", live.len(), self.places.len());
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        for (place, live) in self.places.iter().zip(live) {
            answers[*place] |= live;
        }
        Ok(())
    }
}
