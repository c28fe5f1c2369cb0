//! Faults about how many get in.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use limiter_core::{Acquisition, LeaseRequest, Result, Scope};

use super::book::{Book, Call, count};
use super::faulty::{breaks, breaks_all};
use super::rules::{self, Rules};

/// Counts the leases of the first page of two.
#[derive(Debug, Default)]
struct CountsOnePage;

impl Rules for CountsOnePage {
    fn counted(&self, book: &Book, now_ms: u64) -> i64 {
        let live = book.iter().filter(|held| self.is_live(held, now_ms, Call::Acquire));
        live.take(2).map(|held| held.permits).sum()
    }
}

#[test]
fn counts_one_page() {
    breaks::<CountsOnePage>("as_many_permits_as_the_cap_are_granted_and_not_one_more");
}

/// Counts leases instead of permits.
#[derive(Debug, Default)]
struct CountsLeases;

impl Rules for CountsLeases {
    fn counted(&self, book: &Book, now_ms: u64) -> i64 {
        count(book.iter().filter(|held| self.is_live(held, now_ms, Call::Acquire)).count() as u64)
    }
}

// Whoever doesn't count permits counts neither many of them nor those that are kept by a renewal.
#[test]
fn counts_leases() {
    breaks_all::<CountsLeases>(&[
        "a_lease_of_several_permits_counts_as_so_many",
        "permits_are_exact_up_to_2_to_the_53",
        "a_renewal_keeps_the_permits",
    ]);
}

/// Lets anybody in while there is any room, however much they ask for.
#[derive(Debug, Default)]
struct AnyRoomIsEnough;

impl Rules for AnyRoomIsEnough {
    fn fits(&self, others: i64, _permits: i64, cap: i64) -> bool {
        others < cap
    }
}

#[test]
fn any_room_is_enough() {
    breaks::<AnyRoomIsEnough>("a_lease_of_several_permits_counts_as_so_many");
}

/// Takes a cap of zero for none at all.
#[derive(Debug, Default)]
struct ZeroIsUnlimited;

impl Rules for ZeroIsUnlimited {
    fn fits(&self, others: i64, permits: i64, cap: i64) -> bool {
        cap == 0 || others + permits <= cap
    }
}

#[test]
fn zero_is_unlimited() {
    breaks::<ZeroIsUnlimited>("a_cap_of_zero_grants_nothing");
}

/// Counts in 32-bit floating point numbers.
#[derive(Debug, Default)]
struct InFloats;

impl Rules for InFloats {
    #[expect(clippy::cast_precision_loss, reason = "it is the fault")]
    fn fits(&self, others: i64, permits: i64, cap: i64) -> bool {
        others as f32 + permits as f32 <= cap as f32
    }
}

#[test]
fn in_floats() {
    breaks::<InFloats>("permits_are_exact_up_to_2_to_the_53");
}

/// Counts in 32 bits, and wraps.
#[derive(Debug, Default)]
struct InThirtyTwoBits;

impl Rules for InThirtyTwoBits {
    #[expect(clippy::cast_possible_truncation, reason = "it is the fault")]
    fn fits(&self, others: i64, permits: i64, cap: i64) -> bool {
        (others as i32).wrapping_add(permits as i32) <= cap as i32
    }
}

#[test]
fn in_thirty_two_bits() {
    breaks::<InThirtyTwoBits>("permits_are_exact_up_to_2_to_the_53");
}

/// Adds the lease, looks, and forgets to take it back when there were too many.
#[derive(Debug, Default)]
struct RefusedStays;

impl Rules for RefusedStays {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        if let (Acquisition::Full(_), [book]) = (&answer, books) {
            book.push(rules::held(self, request, now_ms));
        }
        Ok(answer)
    }
}

// It stays too when callers at once are refused.
#[test]
fn refused_stays() {
    breaks_all::<RefusedStays>(&[
        "a_refused_acquire_takes_nothing",
        "callers_that_come_and_go_are_never_more_than_the_cap",
    ]);
}

/// Keeps the least or the greatest cap that it has seen of a key's requests.
fn acquire_by(
    seen: &Mutex<HashMap<String, u64>>,
    rules: &impl Rules,
    books: &mut [Book],
    request: &LeaseRequest,
    now_ms: u64,
    choose: fn(u64, u64) -> u64,
) -> Result<Acquisition> {
    let mut seen = seen.lock().unwrap();
    let cap = |scope: &Scope| {
        let kept = seen.entry(rules.name(scope.key())).or_insert(scope.cap());
        *kept = choose(*kept, scope.cap());
        Scope::new(scope.key().clone(), *kept)
    };
    let scopes: Vec<_> = request.scopes().iter().map(cap).collect();
    let ttl = Duration::from_millis(request.ttl_ms());
    let kept = LeaseRequest::new(scopes, ttl)?.with_permits(request.permits())?.with_id(request.id().clone());
    rules::acquire(rules, books, &kept, now_ms)
}

/// A cap that was lowered once is never raised.
#[derive(Debug, Default)]
struct CapNeverRaised(Mutex<HashMap<String, u64>>);

impl Rules for CapNeverRaised {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        acquire_by(&self.0, self, books, request, now_ms, u64::min)
    }
}

#[test]
fn cap_never_raised() {
    breaks::<CapNeverRaised>("a_raised_cap_admits_more_at_once");
}

/// A cap that was raised once is never lowered.
#[derive(Debug, Default)]
struct CapNeverLowered(Mutex<HashMap<String, u64>>);

impl Rules for CapNeverLowered {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        acquire_by(&self.0, self, books, request, now_ms, u64::max)
    }
}

#[test]
fn cap_never_lowered() {
    breaks::<CapNeverLowered>("a_lowered_cap_admits_nobody_until_enough_have_left");
}

/// Throws the oldest out when a request's cap is below what is held.
#[derive(Debug, Default)]
struct LoweredCapEvicts;

impl Rules for LoweredCapEvicts {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        if !answer.is_acquired() {
            for (book, scope) in books.iter_mut().zip(request.scopes()) {
                let over = count(book.len() as u64) - count(scope.cap());
                book.drain(..usize::try_from(over).unwrap_or(0));
            }
        }
        Ok(answer)
    }
}

#[test]
fn lowered_cap_evicts() {
    breaks::<LoweredCapEvicts>("a_lowered_cap_takes_nobodys_lease_away");
}
