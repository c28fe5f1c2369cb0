//! A small slot backend by rules that may be wrong.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Clock, HeldLease, Key, Lease, LeaseRequest, ManualClock, Result, SlotLimiter,
};

use super::book::{Book, Call};
use super::rules::Rules;
use crate::judge::{caught_by_all, with_slots};

/// A backend by some rules.
#[derive(Debug)]
pub(crate) struct Faulty<R> {
    rules: R,
    clock: ManualClock,
    books: Mutex<HashMap<String, Book>>,
}

/// The case breaks with those rules, and no other does.
#[track_caller]
pub(crate) fn breaks<R: Rules>(case: &str) {
    breaks_all::<R>(&[case]);
}

/// These cases break with those rules, and no other does.
#[track_caller]
pub(crate) fn breaks_all<R: Rules>(cases: &[&str]) {
    let cases: Vec<_> = cases.iter().map(|case| format!("slots::{case}")).collect();
    let cases: Vec<_> = cases.iter().map(String::as_str).collect();
    caught_by_all(&cases, || with_slots(Faulty::<R>::new));
}

impl<R: Rules> Faulty<R> {
    pub(crate) fn new(clock: ManualClock) -> Self {
        Self { rules: R::default(), clock, books: Mutex::default() }
    }

    /// Does something with the books of some keys; in one step or not.
    pub(crate) async fn with_books<T: Send>(
        &self,
        call: Call,
        keys: &[Key],
        run: impl FnOnce(&mut [Book], u64) -> T + Send,
    ) -> T {
        if self.rules.is_one_step(call, keys.len()) {
            return self.at_once(keys, run);
        }
        let mut books = self.at_once(keys, |books, _| books.to_vec());
        let answer = run(&mut books, self.rules.now_ms(self.clock.now_ms()));
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.at_once(keys, |kept, _| kept.clone_from_slice(&books));
        answer
    }

    fn at_once<T>(&self, keys: &[Key], run: impl FnOnce(&mut [Book], u64) -> T) -> T {
        let mut all = self.books.lock().unwrap();
        let names: Vec<_> = keys.iter().map(|key| self.rules.name(key)).collect();
        let mut books: Vec<_> = names.iter().map(|name| all.get(name).cloned().unwrap_or_default()).collect();
        let answer = run(&mut books, self.rules.now_ms(self.clock.now_ms()));
        for (name, book) in names.into_iter().zip(books) {
            self.rules.keep(&mut all, name, book);
        }
        answer
    }

    fn book(&self, key: &Key) -> (Book, u64) {
        let book = self.books.lock().unwrap().get(&self.rules.name(key)).cloned();
        (book.unwrap_or_default(), self.rules.now_ms(self.clock.now_ms()))
    }
}

#[async_trait]
impl<R: Rules> SlotLimiter for Faulty<R> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let lease = request.lease();
        let run = |books: &mut [Book], now_ms| self.rules.acquire(books, request, now_ms);
        self.with_books(Call::Acquire, lease.keys(), run).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        if let [lease] = leases {
            let run = |books: &mut [Book], now_ms| self.rules.renew(books, lease, now_ms);
            return Ok(vec![self.with_books(Call::Renew, lease.keys(), run).await]);
        }
        self.rules.each(Call::Renew, leases, &mut |lease| {
            self.at_once(lease.keys(), |books, now_ms| self.rules.renew(books, lease, now_ms))
        })
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        if let [lease] = leases {
            let keys = self.rules.released_in(lease);
            let run = |books: &mut [Book], now_ms| self.rules.release(books, lease, now_ms);
            return Ok(vec![self.with_books(Call::Release, &keys, run).await]);
        }
        self.rules.each(Call::Release, leases, &mut |lease| {
            self.at_once(lease.keys(), |books, now_ms| self.rules.release(books, lease, now_ms))
        })
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        let (book, now_ms) = self.book(key);
        Ok(self.rules.in_use(&book, now_ms))
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let (book, now_ms) = self.book(key);
        self.rules.leases(&book, now_ms)
    }
}
