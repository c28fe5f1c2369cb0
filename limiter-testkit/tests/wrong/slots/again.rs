//! Faults about acquires that are sent again.

use std::time::Duration;

use limiter_core::{Acquired, Acquisition, Lease, LeaseRequest, Result, Source};

use super::book::{Book, Call, count};
use super::faulty::{breaks, breaks_all};
use super::rules::{self, Rules};

/// Whether a request's id is live in all the books with the permits that it asks for.
fn is_again(rules: &impl Rules, books: &[Book], request: &LeaseRequest, now_ms: u64) -> bool {
    rules::check_conflict(rules, books, request, now_ms).is_ok()
        && rules::is_live_in_all(rules, books, request.id(), now_ms, Call::Acquire)
}

/// Counts each acquire, whatever its id.
#[derive(Debug, Default)]
struct CountedTwice;

impl Rules for CountedTwice {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let again = is_again(self, books, request, now_ms);
        let answer = rules::acquire(self, books, request, now_ms)?;
        if again {
            for book in books {
                book.push(rules::held(self, request, now_ms));
            }
        }
        Ok(answer)
    }
}

// What is counted twice one after the other is so at once.
#[test]
fn counted_twice() {
    breaks_all::<CountedTwice>(&[
        "an_acquire_sent_again_is_not_counted_twice",
        "an_acquire_sent_several_times_at_once_is_counted_once",
    ]);
}

/// Judges an acquire that is sent again as a new one, its own permits left out.
#[derive(Debug, Default)]
struct JudgedAgain;

impl Rules for JudgedAgain {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        rules::check_conflict(self, books, request, now_ms)?;
        match rules::first_full(self, books, request, now_ms) {
            Some(denied_by) => Ok(rules::refuse(self, books, denied_by, now_ms)),
            None => Ok(rules::grant(self, books, request, now_ms)),
        }
    }
}

// It judges every scope again.
#[test]
fn judged_again() {
    breaks_all::<JudgedAgain>(&[
        "an_acquire_sent_again_is_granted_whatever_the_caps",
        "an_acquire_over_scopes_sent_again_is_granted_whatever_the_caps",
    ]);
}

/// Gives a lease that knows its permits no more when it is granted again.
#[derive(Debug, Default)]
struct ForgetsThePermits;

impl Rules for ForgetsThePermits {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let again = is_again(self, books, request, now_ms);
        let answer = rules::acquire(self, books, request, now_ms)?;
        match answer {
            Acquisition::Acquired(Acquired { in_use, .. }) if again => {
                let (id, keys) = (request.id().clone(), request.lease().keys().to_vec());
                let lease = Lease::new(id, keys, Duration::from_millis(request.ttl_ms()))?;
                Ok(Acquisition::Acquired(Acquired { lease, in_use, source: Source::Store }))
            }
            answer => Ok(answer),
        }
    }
}

#[test]
fn forgets_the_permits() {
    breaks::<ForgetsThePermits>("a_grant_gives_the_lease_that_was_asked_for");
}

/// Refuses where it should tell of a conflict.
#[derive(Debug, Default)]
struct ConflictIsARefusal;

impl Rules for ConflictIsARefusal {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let conflict = rules::check_conflict(self, books, request, now_ms).is_err();
        if conflict {
            Ok(rules::refuse(self, books, 0, now_ms))
        } else {
            rules::acquire(self, books, request, now_ms)
        }
    }
}

#[test]
fn conflict_is_a_refusal() {
    breaks::<ConflictIsARefusal>("an_id_that_is_live_with_other_permits_is_a_conflict");
}

/// Grants again who asks for fewer permits than are held.
#[derive(Debug, Default)]
struct FewerPermitsAreNoConflict;

impl Rules for FewerPermitsAreNoConflict {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let held = books.iter().map(|book| rules::find(self, book, request.id(), now_ms, Call::Acquire));
        let held: Option<Vec<_>> = held.collect();
        if held.is_some_and(|held| held.iter().all(|held| held.permits > count(request.permits()))) {
            return Ok(rules::grant(self, books, request, now_ms));
        }
        rules::acquire(self, books, request, now_ms)
    }
}

#[test]
fn fewer_permits_are_no_conflict() {
    breaks::<FewerPermitsAreNoConflict>("an_id_that_is_live_with_other_permits_is_a_conflict");
}

/// Writes other permits over those that are held, where there is room.
#[derive(Debug, Default)]
struct OverwritesOtherPermits;

impl Rules for OverwritesOtherPermits {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        match rules::first_full(self, books, request, now_ms) {
            Some(_) => rules::acquire(self, books, request, now_ms),
            None => Ok(rules::grant(self, books, request, now_ms)),
        }
    }
}

// Who grants where a conflict should be told changes what is held.
#[test]
fn overwrites_other_permits() {
    breaks_all::<OverwritesOtherPermits>(&[
        "an_id_that_is_live_with_other_permits_is_a_conflict",
        "a_conflict_changes_nothing",
        "a_conflict_in_one_scope_changes_none",
    ]);
}

/// Moves the expiry before it finds the conflict.
#[derive(Debug, Default)]
struct ConflictMovesTheExpiry;

impl Rules for ConflictMovesTheExpiry {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let checked = rules::check_conflict(self, books, request, now_ms);
        if checked.is_err() {
            for held in books.iter_mut().flatten().filter(|held| held.id == *request.id()) {
                held.expires_ms = self.expires_ms(now_ms, request.ttl_ms());
            }
        }
        checked.and_then(|()| rules::acquire(self, books, request, now_ms))
    }
}

#[test]
fn conflict_moves_the_expiry() {
    breaks::<ConflictMovesTheExpiry>("a_conflict_changes_nothing");
}
