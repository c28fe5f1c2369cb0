//! Slots in memory.

use limiter_core::algorithm::{LeaseBook, acquire, release, renew};
use limiter_core::{Acquisition, HeldLease, Key, Lease, LeaseRequest, Result, Scope};

use crate::due_map::DueMap;
use crate::error;

/// How many books whose first lease has run out are looked at by one call. Each call adds at most as many.
const LOOKED_AT: usize = 128;

/// The leases of all keys. A key without leases isn't in it.
#[derive(Debug)]
pub(crate) struct Slots {
    books: DueMap<Key, LeaseBook>,
    leases: usize,
    most_leases: usize,
}

impl Slots {
    pub(crate) fn new(most_leases: usize) -> Self {
        Self { books: DueMap::default(), leases: 0, most_leases }
    }

    pub(crate) fn acquire(&mut self, request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let keys: Vec<_> = request.scopes().iter().map(Scope::key).collect();
        let stands_in = |key: &&&Key| self.books.get(key).is_some_and(|book| book.contains(request.id()));
        let new = keys.iter().filter(|key| !stands_in(key)).count();
        if self.leases + new > self.most_leases {
            self.drop_ended(now_ms);
        }
        if self.leases + new > self.most_leases {
            return Err(error::leases_full().with_operation("acquire"));
        }
        self.with_books(&keys, |books| acquire(books, request, now_ms))
    }

    pub(crate) fn renew(&mut self, lease: &Lease, now_ms: u64) -> bool {
        let keys: Vec<_> = lease.keys().iter().collect();
        self.with_books(&keys, |books| renew(books, lease.id(), lease.ttl_ms(), now_ms))
    }

    pub(crate) fn release(&mut self, lease: &Lease, now_ms: u64) -> bool {
        let keys: Vec<_> = lease.keys().iter().collect();
        self.with_books(&keys, |books| release(books, lease.id(), now_ms))
    }

    pub(crate) fn in_use(&self, key: &Key, now_ms: u64) -> u64 {
        self.books.get(key).map_or(0, |book| book.in_use(now_ms))
    }

    pub(crate) fn leases(&self, key: &Key, now_ms: u64) -> Vec<HeldLease> {
        self.books.get(key).map(|book| book.leases(now_ms)).unwrap_or_default()
    }

    /// How many keys hold leases.
    pub(crate) fn keys(&self) -> usize {
        self.books.len()
    }

    /// Runs something on the books of some keys, and keeps those that hold anything afterwards.
    fn with_books<T>(&mut self, keys: &[&Key], run: impl FnOnce(&mut [LeaseBook]) -> T) -> T {
        let mut books: Vec<_> = keys.iter().map(|key| self.take(key)).collect();
        let answer = run(&mut books);
        for (key, book) in keys.iter().zip(books) {
            self.put((*key).clone(), book);
        }
        answer
    }

    fn take(&mut self, key: &Key) -> LeaseBook {
        let book = self.books.take(key).unwrap_or_default();
        self.leases -= book.len();
        book
    }

    fn put(&mut self, key: Key, book: LeaseBook) {
        if let Some(due_ms) = book.first_expiry_ms() {
            self.leases += book.len();
            self.books.put(key, book, due_ms);
        }
    }

    /// Drops leases that ran out before a time, whosever they are.
    pub(crate) fn drop_ended(&mut self, now_ms: u64) {
        for _ in 0..LOOKED_AT {
            let Some((key, mut book)) = self.books.take_due(now_ms) else {
                return;
            };
            self.leases -= book.len();
            book.drop_expired(now_ms);
            self.put(key, book);
        }
    }
}
