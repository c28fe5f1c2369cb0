//! Faults about what is told of what is held.

use limiter_core::{Acquired, Acquisition, Error, ErrorKind, Full, HeldLease, LeaseRequest, Result};

use super::book::{Book, Call, told};
use super::faulty::{breaks, breaks_all};
use super::rules::{self, Rules};

/// Tells how many leases there are.
#[derive(Debug, Default)]
struct InUseCountsLeases;

impl Rules for InUseCountsLeases {
    fn in_use(&self, book: &Book, now_ms: u64) -> u64 {
        book.iter().filter(|held| self.is_live(held, now_ms, Call::InUse)).count() as u64
    }
}

#[test]
fn in_use_counts_leases() {
    breaks::<InUseCountsLeases>("in_use_counts_permits");
}

/// Takes a key without a record for an error.
#[derive(Debug, Default)]
struct NeverUsedIsAnError;

impl Rules for NeverUsedIsAnError {
    fn leases(&self, book: &Book, now_ms: u64) -> Result<Vec<HeldLease>> {
        let missing = || Error::new(ErrorKind::Protocol, "no such key");
        if book.is_empty() { Err(missing()) } else { Ok(rules::leases(self, book, now_ms)) }
    }
}

#[test]
fn never_used_is_an_error() {
    breaks::<NeverUsedIsAnError>("a_key_that_was_never_used_holds_nothing");
}

/// Tells one permit of each lease.
#[derive(Debug, Default)]
struct ListsOnePermitEach;

impl Rules for ListsOnePermitEach {
    fn leases(&self, book: &Book, now_ms: u64) -> Result<Vec<HeldLease>> {
        let mut leases = rules::leases(self, book, now_ms);
        for lease in &mut leases {
            lease.permits = 1;
        }
        Ok(leases)
    }
}

#[test]
fn lists_one_permit_each() {
    breaks::<ListsOnePermitEach>("leases_tell_id_permits_and_expiry");
}

/// Lists leases as they came.
#[derive(Debug, Default)]
struct ListsAsTheyCame;

impl Rules for ListsAsTheyCame {
    fn leases(&self, book: &Book, now_ms: u64) -> Result<Vec<HeldLease>> {
        let place = |lease: &HeldLease| book.iter().position(|held| held.id == lease.id);
        let mut leases = rules::leases(self, book, now_ms);
        leases.sort_by_key(place);
        Ok(leases)
    }
}

#[test]
fn lists_as_they_came() {
    breaks::<ListsAsTheyCame>("leases_list_the_first_to_run_out_first");
}

/// Lists leases by their ids.
#[derive(Debug, Default)]
struct ListsById;

impl Rules for ListsById {
    fn leases(&self, book: &Book, now_ms: u64) -> Result<Vec<HeldLease>> {
        let mut leases = rules::leases(self, book, now_ms);
        leases.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(leases)
    }
}

#[test]
fn lists_by_id() {
    breaks::<ListsById>("leases_list_the_first_to_run_out_first");
}

/// Tells with a grant what was in use before it.
#[derive(Debug, Default)]
struct GrantTellsBefore;

impl Rules for GrantTellsBefore {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let before = rules::in_use(self, books, now_ms);
        match rules::acquire(self, books, request, now_ms)? {
            Acquisition::Acquired(acquired) => {
                Ok(Acquisition::Acquired(Acquired { in_use: before, ..acquired }))
            }
            full @ Acquisition::Full(_) => Ok(full),
        }
    }
}

// What ran out is looked for in what a grant tells, too.
#[test]
fn grant_tells_before() {
    breaks_all::<GrantTellsBefore>(&[
        "a_grant_tells_what_is_in_use_after_it",
        "an_acquire_counts_nothing_that_ran_out",
    ]);
}

/// Tells with a refusal what would be in use if it had been granted.
#[derive(Debug, Default)]
struct RefusalTellsTheAsked;

impl Rules for RefusalTellsTheAsked {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        match rules::acquire(self, books, request, now_ms)? {
            Acquisition::Full(Full { denied_by, mut in_use, source }) => {
                in_use[denied_by] += request.permits();
                Ok(Acquisition::Full(Full { denied_by, in_use, source }))
            }
            acquired @ Acquisition::Acquired(_) => Ok(acquired),
        }
    }
}

// What ran out is looked for in what a refusal tells, too.
#[test]
fn refusal_tells_the_asked() {
    breaks_all::<RefusalTellsTheAsked>(&[
        "a_refusal_tells_what_is_in_use",
        "an_acquire_counts_nothing_that_ran_out",
    ]);
}

/// Tells with a grant how many leases there are.
#[derive(Debug, Default)]
struct GrantTellsLeases;

impl Rules for GrantTellsLeases {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let leases = |book: &Book| {
            let live = book.iter().filter(|held| self.is_live(held, now_ms, Call::Tell));
            told(live.map(|held| held.permits.min(1)).sum())
        };
        match rules::acquire(self, books, request, now_ms)? {
            Acquisition::Acquired(acquired) => {
                let in_use = books.iter().map(leases).collect();
                Ok(Acquisition::Acquired(Acquired { in_use, ..acquired }))
            }
            full @ Acquisition::Full(_) => Ok(full),
        }
    }
}

#[test]
fn grant_tells_leases() {
    breaks::<GrantTellsLeases>("a_grant_tells_what_is_in_use_after_it");
}
