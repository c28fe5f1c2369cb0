//! The rules of a slot backend, each of which can be wrong.

use std::collections::HashMap;
use std::fmt::Debug;

use limiter_core::{
    Acquired, Acquisition, EXACT, Error, ErrorKind, Full, HeldLease, Key, Lease, LeaseId, LeaseRequest,
    Result, Scope, Source,
};

use super::book::{Book, Call, Held, count, put, remove, told};

/// The rules of a backend: right, each of them, unless a wrong backend says otherwise.
pub(crate) trait Rules: Debug + Default + Send + Sync + 'static {
    /// Under what a key's leases are kept.
    fn name(&self, key: &Key) -> String {
        format!("{:?}", (key.space(), key.subject(), key.partition()))
    }

    fn now_ms(&self, clock_ms: u64) -> u64 {
        clock_ms
    }

    fn expires_ms(&self, now_ms: u64, ttl_ms: u64) -> u64 {
        (now_ms + ttl_ms).min(EXACT)
    }

    fn is_live(&self, held: &Held, now_ms: u64, _call: Call) -> bool {
        now_ms < held.expires_ms.min(held.dropped_ms)
    }

    /// Permits of the live leases of a book that an acquire is judged by.
    fn counted(&self, book: &Book, now_ms: u64) -> i64 {
        permits(self, book, now_ms, Call::Acquire)
    }

    fn fits(&self, others: i64, permits: i64, cap: i64) -> bool {
        others + permits <= cap
    }

    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        acquire(self, books, request, now_ms)
    }

    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        renew(self, books, lease, now_ms)
    }

    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        release(self, books, lease, now_ms)
    }

    /// The keys that a release goes to.
    fn released_in(&self, lease: &Lease) -> Vec<Key> {
        lease.keys().to_vec()
    }

    /// Renews or releases the leases of one call.
    fn each(&self, _call: Call, leases: &[Lease], one: &mut dyn FnMut(&Lease) -> bool) -> Result<Vec<bool>> {
        Ok(leases.iter().map(one).collect())
    }

    fn in_use(&self, book: &Book, now_ms: u64) -> u64 {
        told(permits(self, book, now_ms, Call::InUse))
    }

    fn leases(&self, book: &Book, now_ms: u64) -> Result<Vec<HeldLease>> {
        Ok(leases(self, book, now_ms))
    }

    /// Keeps a key's book, or doesn't.
    fn keep(&self, books: &mut HashMap<String, Book>, name: String, book: Book) {
        books.insert(name, book);
    }

    /// Whether a call over so many keys reads and writes in one step.
    fn is_one_step(&self, _call: Call, _keys: usize) -> bool {
        true
    }
}

/// Asks for a lease in all the books.
pub(crate) fn acquire<R: Rules>(
    rules: &R,
    books: &mut [Book],
    request: &LeaseRequest,
    now_ms: u64,
) -> Result<Acquisition> {
    check_conflict(rules, books, request, now_ms)?;
    if !is_live_in_all(rules, books, request.id(), now_ms, Call::Acquire)
        && let Some(denied_by) = first_full(rules, books, request, now_ms)
    {
        return Ok(refuse(rules, books, denied_by, now_ms));
    }
    Ok(grant(rules, books, request, now_ms))
}

/// The id isn't live anywhere with other permits.
pub(crate) fn check_conflict<R: Rules>(
    rules: &R,
    books: &[Book],
    request: &LeaseRequest,
    now_ms: u64,
) -> Result<()> {
    let mut held = books.iter().filter_map(|book| find(rules, book, request.id(), now_ms, Call::Acquire));
    if held.any(|held| held.permits != count(request.permits())) { Err(conflict()) } else { Ok(()) }
}

pub(crate) fn conflict() -> Error {
    Error::new(ErrorKind::Conflict, "the id is live with other permits")
}

/// The first book in which there is no room for a request.
pub(crate) fn first_full<R: Rules>(
    rules: &R,
    books: &[Book],
    request: &LeaseRequest,
    now_ms: u64,
) -> Option<usize> {
    let full = |(book, cap): (&Book, u64)| {
        let own = find(rules, book, request.id(), now_ms, Call::Acquire).map_or(0, |held| held.permits);
        !rules.fits(rules.counted(book, now_ms) - own, count(request.permits()), count(cap))
    };
    books.iter().zip(request.scopes().iter().map(Scope::cap)).position(full)
}

pub(crate) fn refuse<R: Rules>(rules: &R, books: &[Book], denied_by: usize, now_ms: u64) -> Acquisition {
    Acquisition::Full(Full { denied_by, in_use: in_use(rules, books, now_ms), source: Source::Store })
}

pub(crate) fn grant<R: Rules>(
    rules: &R,
    books: &mut [Book],
    request: &LeaseRequest,
    now_ms: u64,
) -> Acquisition {
    for book in &mut *books {
        put(book, held(rules, request, now_ms));
    }
    Acquisition::Acquired(Acquired {
        lease: request.lease(),
        in_use: in_use(rules, books, now_ms),
        source: Source::Store,
    })
}

/// The lease that a request makes.
pub(crate) fn held<R: Rules>(rules: &R, request: &LeaseRequest, now_ms: u64) -> Held {
    Held {
        id: request.id().clone(),
        permits: count(request.permits()),
        granted_ms: now_ms,
        ttl_ms: request.ttl_ms(),
        expires_ms: rules.expires_ms(now_ms, request.ttl_ms()),
        dropped_ms: EXACT,
    }
}

pub(crate) fn renew<R: Rules>(rules: &R, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
    if !is_live_in_all(rules, books, lease.id(), now_ms, Call::Renew) {
        remove(books, lease.id());
        return false;
    }
    for held in books.iter_mut().flatten().filter(|held| held.id == *lease.id()) {
        held.expires_ms = rules.expires_ms(now_ms, lease.ttl_ms());
        held.dropped_ms = EXACT;
    }
    true
}

pub(crate) fn release<R: Rules>(rules: &R, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
    let live = is_live_in_all(rules, books, lease.id(), now_ms, Call::Release);
    remove(books, lease.id());
    live
}

/// The leases of a book, the first to run out first.
pub(crate) fn leases<R: Rules>(rules: &R, book: &Book, now_ms: u64) -> Vec<HeldLease> {
    let live = book.iter().filter(|held| rules.is_live(held, now_ms, Call::Leases));
    let lease = |held: &Held| HeldLease {
        id: held.id.clone(),
        permits: told(held.permits),
        expires_ms: held.expires_ms,
    };
    let mut leases: Vec<_> = live.map(lease).collect();
    leases.sort_by_key(|lease| lease.expires_ms);
    leases
}

pub(crate) fn is_live_in_all<R: Rules>(
    rules: &R,
    books: &[Book],
    id: &LeaseId,
    now_ms: u64,
    call: Call,
) -> bool {
    books.iter().all(|book| find(rules, book, id, now_ms, call).is_some())
}

/// The lease of an id, where it is live.
pub(crate) fn find<'a, R: Rules>(
    rules: &R,
    book: &'a Book,
    id: &LeaseId,
    now_ms: u64,
    call: Call,
) -> Option<&'a Held> {
    book.iter().find(|held| held.id == *id && rules.is_live(held, now_ms, call))
}

/// What is told to be in use in each book.
pub(crate) fn in_use<R: Rules>(rules: &R, books: &[Book], now_ms: u64) -> Vec<u64> {
    books.iter().map(|book| told(permits(rules, book, now_ms, Call::Tell))).collect()
}

/// Permits of the live leases.
pub(crate) fn permits<R: Rules>(rules: &R, book: &Book, now_ms: u64, call: Call) -> i64 {
    book.iter().filter(|held| rules.is_live(held, now_ms, call)).map(|held| held.permits).sum()
}
