//! Slots: at most so many permits at a time, each held until it is released or its TTL runs out.
//!
//! Time here is the store's clock as it is: a clock that steps back prolongs a lease and never cuts one short.

use super::holdings::Holdings;
use crate::error::{Error, ErrorKind, Result};
use crate::exact::later_ms;
use crate::id::LeaseId;
use crate::lease::{Acquired, Acquisition, Full, HeldLease, LeaseRequest, Scope};
use crate::outcome::Source;

/// The leases of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseBook {
    pub(crate) held: Holdings<LeaseId>,
}

/// Asks for a lease in all scopes: granted in all or in none. `books[i]` belongs to scope `i`.
///
/// # Errors
/// [`Conflict`](ErrorKind::Conflict) when the id is live in one of them with other permits. Nothing changes.
pub fn acquire(books: &mut [LeaseBook], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
    let (id, permits) = (request.id(), request.permits());
    let mut live_in = 0;
    for held in books.iter().filter_map(|book| book.held.get(id, now_ms)) {
        if held.units != permits {
            let message = format!("lease {id} holds {} permits, asked for again with {permits}", held.units);
            return Err(Error::new(ErrorKind::Conflict, message).with_operation("acquire"));
        }
        live_in += 1;
    }
    let again = live_in == books.len();
    let full = |(book, scope): (&LeaseBook, &Scope)| !book.has_room(id, permits, scope.cap(), now_ms);
    if !again && let Some(denied_by) = books.iter().zip(request.scopes()).position(full) {
        return Ok(Acquisition::Full(Full {
            denied_by,
            in_use: in_use(books, now_ms),
            source: Source::Store,
        }));
    }
    let expires_ms = later_ms(now_ms, request.ttl_ms());
    for book in &mut *books {
        book.held.drop_expired(now_ms);
        book.held.put(id, permits, expires_ms);
    }
    Ok(Acquisition::Acquired(Acquired {
        lease: request.lease(),
        in_use: in_use(books, now_ms),
        source: Source::Store,
    }))
}

/// Moves a lease's expiry to `ttl_ms` from now if it is live in all the books; otherwise removes it from all of
/// them, for a lease is never brought back to life. Answers whether it is live.
pub fn renew(books: &mut [LeaseBook], id: &LeaseId, ttl_ms: u64, now_ms: u64) -> bool {
    let held: Vec<_> = books.iter().map_while(|book| book.held.get(id, now_ms)).collect();
    if held.len() < books.len() {
        release(books, id, now_ms);
        return false;
    }
    for (book, held) in books.iter_mut().zip(held) {
        book.held.put(id, held.units, later_ms(now_ms, ttl_ms));
    }
    true
}

/// Removes a lease from all the books; answers whether it was live in all. A second time changes nothing.
pub fn release(books: &mut [LeaseBook], id: &LeaseId, now_ms: u64) -> bool {
    let live = books.iter().all(|book| book.held.get(id, now_ms).is_some());
    for book in books {
        book.held.remove(id);
        book.held.drop_expired(now_ms);
    }
    live
}

impl LeaseBook {
    /// Permits of the live leases.
    pub fn in_use(&self, now_ms: u64) -> u64 {
        self.held.total(now_ms)
    }

    /// The live leases, the first to run out first.
    pub fn leases(&self, now_ms: u64) -> Vec<HeldLease> {
        let lease = |(id, held): (&LeaseId, super::holdings::Held)| HeldLease {
            id: id.clone(),
            permits: held.units,
            expires_ms: held.expires_ms,
        };
        self.held.live(now_ms).map(lease).collect()
    }

    /// Removes what has run out.
    pub fn drop_expired(&mut self, now_ms: u64) {
        self.held.drop_expired(now_ms);
    }

    /// Whether a lease stands in it, run out or not.
    pub fn contains(&self, id: &LeaseId) -> bool {
        self.held.contains(id)
    }

    /// When the first of its leases runs out; `None` when it is as if never used.
    pub fn first_expiry_ms(&self) -> Option<u64> {
        self.held.first_expiry_ms()
    }

    /// How many leases stand in it, those that ran out and weren't removed yet among them.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether it is as if never used.
    pub fn is_empty(&self) -> bool {
        self.held.len() == 0
    }

    fn has_room(&self, id: &LeaseId, permits: u64, cap: u64, now_ms: u64) -> bool {
        let own = self.held.get(id, now_ms).map_or(0, |held| held.units);
        let others = self.in_use(now_ms) - own;
        others <= cap && permits <= cap - others
    }
}

fn in_use(books: &[LeaseBook], now_ms: u64) -> Vec<u64> {
    books.iter().map(|book| book.in_use(now_ms)).collect()
}
