//! What a wrong backend keeps of each key.

use limiter_core::LeaseId;

/// The leases of a key, in the order in which they came. What ran out stays in it.
pub(crate) type Book = Vec<Held>;

/// A lease in a book.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: LeaseId,
    pub(crate) permits: i64,
    pub(crate) granted_ms: u64,
    pub(crate) ttl_ms: u64,
    pub(crate) expires_ms: u64,
    /// When the store drops it, whatever its expiry.
    pub(crate) dropped_ms: u64,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Judging whether an acquire fits.
    Acquire,
    /// Telling in an acquire's answer what is in use.
    Tell,
    Renew,
    Release,
    InUse,
    Leases,
}

/// Keeps a lease instead of the one of its id.
pub(crate) fn put(book: &mut Book, held: Held) {
    match book.iter_mut().find(|other| other.id == held.id) {
        Some(other) => *other = held,
        None => book.push(held),
    }
}

/// Removes a lease from all the books.
pub(crate) fn remove(books: &mut [Book], id: &LeaseId) {
    for book in books {
        book.retain(|held| held.id != *id);
    }
}

/// A sum as it is told: never below zero.
pub(crate) fn told(permits: i64) -> u64 {
    u64::try_from(permits).unwrap_or(0)
}

/// Units as they are kept.
pub(crate) fn count(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}
