//! Faults about what a renewal does.

use std::collections::HashSet;
use std::sync::Mutex;

use limiter_core::{Acquisition, Lease, LeaseId, LeaseRequest, Result};

use super::book::{Book, Call, Held, count, put};
use super::faulty::breaks;
use super::rules::{self, Rules};

/// Renews rightly, and then changes what was renewed.
fn renew_and(
    rules: &impl Rules,
    books: &mut [Book],
    lease: &Lease,
    now_ms: u64,
    change: impl Fn(&mut Held, u64),
) -> bool {
    let held = books.iter().flatten().find(|held| held.id == *lease.id());
    let before_ms = held.map_or(0, |held| held.expires_ms);
    let live = rules::renew(rules, books, lease, now_ms);
    for held in books.iter_mut().flatten().filter(|held| held.id == *lease.id()) {
        change(held, before_ms);
    }
    live
}

/// Adds the TTL to the old expiry.
#[derive(Debug, Default)]
struct AddsToTheOldExpiry;

impl Rules for AddsToTheOldExpiry {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        renew_and(self, books, lease, now_ms, |held, before_ms| held.expires_ms = before_ms + lease.ttl_ms())
    }
}

#[test]
fn adds_to_the_old_expiry() {
    breaks::<AddsToTheOldExpiry>("a_renewal_moves_the_expiry_to_its_ttl_from_now");
}

/// Renews for the TTL that the lease was acquired with.
#[derive(Debug, Default)]
struct RenewsForTheFirstTtl;

impl Rules for RenewsForTheFirstTtl {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        renew_and(self, books, lease, now_ms, |held, _| held.expires_ms = now_ms + held.ttl_ms)
    }
}

#[test]
fn renews_for_the_first_ttl() {
    breaks::<RenewsForTheFirstTtl>("a_renewal_moves_the_expiry_to_its_ttl_from_now");
}

/// Moves an expiry later, never sooner.
#[derive(Debug, Default)]
struct OnlyProlongs;

impl Rules for OnlyProlongs {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        renew_and(self, books, lease, now_ms, |held, before_ms| {
            held.expires_ms = held.expires_ms.max(before_ms);
        })
    }
}

#[test]
fn only_prolongs() {
    breaks::<OnlyProlongs>("a_renewal_moves_the_expiry_to_its_ttl_from_now");
}

/// Renews whatever still stands in the book, run out or not.
#[derive(Debug, Default)]
struct RenewedAfterDeath;

impl Rules for RenewedAfterDeath {
    fn is_live(&self, held: &Held, now_ms: u64, call: Call) -> bool {
        call == Call::Renew || now_ms < held.expires_ms
    }
}

#[test]
fn renewed_after_death() {
    breaks::<RenewedAfterDeath>("a_renewal_never_brings_a_lost_lease_back");
}

/// Tells that a lease is lost, and holds it again all the same.
#[derive(Debug, Default)]
struct LostStandsAgain;

impl Rules for LostStandsAgain {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let live = rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Renew);
        let stands = books.iter().all(|book| book.iter().any(|held| held.id == *lease.id()));
        if live || !stands {
            return rules::renew(self, books, lease, now_ms);
        }
        for held in books.iter_mut().flatten().filter(|held| held.id == *lease.id()) {
            held.expires_ms = self.expires_ms(now_ms, lease.ttl_ms());
        }
        false
    }
}

#[test]
fn lost_stands_again() {
    breaks::<LostStandsAgain>("a_renewal_never_brings_a_lost_lease_back");
}

/// Holds what it is asked to renew, although it was never granted.
#[derive(Debug, Default)]
struct RenewalCreates(Mutex<HashSet<LeaseId>>);

impl Rules for RenewalCreates {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        self.0.lock().unwrap().insert(request.id().clone());
        rules::acquire(self, books, request, now_ms)
    }

    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        if self.0.lock().unwrap().contains(lease.id()) {
            return rules::renew(self, books, lease, now_ms);
        }
        let expires_ms = self.expires_ms(now_ms, lease.ttl_ms());
        for book in books {
            book.push(Held {
                id: lease.id().clone(),
                permits: count(lease.permits()),
                granted_ms: now_ms,
                ttl_ms: lease.ttl_ms(),
                expires_ms,
                dropped_ms: expires_ms,
            });
        }
        false
    }
}

#[test]
fn renewal_creates() {
    breaks::<RenewalCreates>("a_renewal_creates_nothing");
}

/// Writes the permits that the renewal carries.
#[derive(Debug, Default)]
struct RenewalSetsThePermits;

impl Rules for RenewalSetsThePermits {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        renew_and(self, books, lease, now_ms, |held, _| held.permits = count(lease.permits()))
    }
}

#[test]
fn renewal_sets_the_permits() {
    breaks::<RenewalSetsThePermits>("a_renewal_keeps_the_permits");
}

/// Renews until one is lost, and leaves the rest.
#[derive(Debug, Default)]
struct StopsAtTheLost;

impl Rules for StopsAtTheLost {
    fn each(&self, call: Call, leases: &[Lease], one: &mut dyn FnMut(&Lease) -> bool) -> Result<Vec<bool>> {
        let mut stopped = false;
        let each = |lease| {
            stopped |= !one(lease);
            !stopped
        };
        if call == Call::Renew {
            Ok(leases.iter().map(each).collect())
        } else {
            Ok(leases.iter().map(one).collect())
        }
    }
}

#[test]
fn stops_at_the_lost() {
    breaks::<StopsAtTheLost>("many_leases_are_renewed_in_one_call_each_by_itself");
}

/// Answers for the first lease alone.
#[derive(Debug, Default)]
struct AnswersForTheFirst;

impl Rules for AnswersForTheFirst {
    fn each(&self, call: Call, leases: &[Lease], one: &mut dyn FnMut(&Lease) -> bool) -> Result<Vec<bool>> {
        let mut live: Vec<_> = leases.iter().map(one).collect();
        live.truncate(if call == Call::Renew { 1 } else { leases.len() });
        Ok(live)
    }
}

#[test]
fn answers_for_the_first() {
    breaks::<AnswersForTheFirst>("many_leases_are_renewed_in_one_call_each_by_itself");
}

/// Answers rightly, and renews all but the last.
#[derive(Debug, Default)]
struct LeavesTheLast;

impl Rules for LeavesTheLast {
    fn each(&self, call: Call, leases: &[Lease], one: &mut dyn FnMut(&Lease) -> bool) -> Result<Vec<bool>> {
        let renew = |(place, lease): (usize, &Lease)| {
            if call == Call::Renew && place == leases.len() - 1 { true } else { one(lease) }
        };
        Ok(leases.iter().enumerate().map(renew).collect())
    }
}

#[test]
fn leaves_the_last() {
    breaks::<LeavesTheLast>("many_leases_are_renewed_in_one_call_each_by_itself");
}

/// Grants again, and leaves the expiry as it was.
#[derive(Debug, Default)]
struct AgainLeavesTheExpiry;

impl Rules for AgainLeavesTheExpiry {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let held =
            books.iter().map(|book| rules::find(self, book, request.id(), now_ms, Call::Acquire).cloned());
        let held: Vec<_> = held.collect();
        let answer = rules::acquire(self, books, request, now_ms)?;
        for (book, held) in books.iter_mut().zip(held) {
            if let Some(held) = held {
                put(book, held);
            }
        }
        Ok(answer)
    }
}

#[test]
fn again_leaves_the_expiry() {
    breaks::<AgainLeavesTheExpiry>("an_acquire_sent_again_moves_the_expiry");
}
