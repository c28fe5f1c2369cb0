//! Faults about what a release gives back.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use limiter_core::{Acquisition, EXACT, Error, Key, Lease, LeaseId, LeaseRequest, Result};

use super::book::{Book, Call, Held, remove};
use super::faulty::breaks;
use super::rules::{self, Rules};

/// Ids that were seen before.
type Seen = Mutex<HashSet<LeaseId>>;

/// Gives back one permit of a lease that holds several.
#[derive(Debug, Default)]
struct ReleasesOnePermit;

impl Rules for ReleasesOnePermit {
    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let live = rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Release);
        for book in books {
            book.iter_mut().filter(|held| held.id == *lease.id()).for_each(|held| held.permits -= 1);
            book.retain(|held| held.permits > 0);
        }
        live
    }
}

#[test]
fn releases_one_permit() {
    breaks::<ReleasesOnePermit>("a_release_gives_the_permits_back");
}

/// Counts down again when a lease is released again.
#[derive(Debug, Default)]
struct SecondReleaseCountsDown(Seen);

impl Rules for SecondReleaseCountsDown {
    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        if !self.0.lock().unwrap().insert(lease.id().clone()) {
            for book in &mut *books {
                book.pop();
            }
        }
        rules::release(self, books, lease, now_ms)
    }
}

#[test]
fn second_release_counts_down() {
    breaks::<SecondReleaseCountsDown>("a_second_release_changes_nothing");
}

/// Counts down whoever releases, as long as somebody is in.
#[derive(Debug, Default)]
struct StrangerCountsDown(Seen);

impl Rules for StrangerCountsDown {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        self.0.lock().unwrap().insert(request.id().clone());
        rules::acquire(self, books, request, now_ms)
    }

    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        if !self.0.lock().unwrap().contains(lease.id()) {
            for book in &mut *books {
                book.pop();
            }
        }
        rules::release(self, books, lease, now_ms)
    }
}

#[test]
fn stranger_counts_down() {
    breaks::<StrangerCountsDown>("a_release_by_a_stranger_frees_nobody");
}

/// Knows leases by their ids alone: a release takes them out of whatever keys they are in.
#[derive(Debug, Default)]
struct ReleasesByIdAlone(Mutex<HashMap<LeaseId, Vec<Key>>>);

impl Rules for ReleasesByIdAlone {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let mut keys = self.0.lock().unwrap();
        keys.insert(request.id().clone(), request.lease().keys().to_vec());
        rules::acquire(self, books, request, now_ms)
    }

    fn released_in(&self, lease: &Lease) -> Vec<Key> {
        self.0.lock().unwrap().get(lease.id()).cloned().unwrap_or_default()
    }

    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        !books.is_empty() && rules::release(self, books, lease, now_ms)
    }
}

#[test]
fn releases_by_id_alone() {
    breaks::<ReleasesByIdAlone>("a_release_by_a_stranger_frees_nobody");
}

/// Counts below zero.
#[derive(Debug, Default)]
struct CountsBelowZero;

impl Rules for CountsBelowZero {
    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        for book in books.iter_mut().filter(|book| book.is_empty()) {
            let id = LeaseId::random().unwrap();
            let forever =
                Held { id, permits: -1, granted_ms: now_ms, ttl_ms: 1, expires_ms: EXACT, dropped_ms: EXACT };
            book.push(forever);
        }
        rules::release(self, books, lease, now_ms)
    }
}

#[test]
fn counts_below_zero() {
    breaks::<CountsBelowZero>("a_release_of_nothing_leaves_no_credit");
}

/// Writes the first page of two leases back without the one that is released.
#[derive(Debug, Default)]
struct KeepsOnePage;

impl Rules for KeepsOnePage {
    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let live = rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Release);
        for book in &mut *books {
            book.truncate(2);
        }
        remove(books, lease.id());
        live
    }
}

#[test]
fn keeps_one_page() {
    breaks::<KeepsOnePage>("a_release_leaves_the_other_leases_of_its_key");
}

/// Releases until one isn't live, and leaves the rest.
#[derive(Debug, Default)]
struct StopsAtTheLost;

impl Rules for StopsAtTheLost {
    fn each(&self, call: Call, leases: &[Lease], one: &mut dyn FnMut(&Lease) -> bool) -> Result<Vec<bool>> {
        let mut stopped = false;
        let each = |lease| {
            stopped |= !one(lease);
            !stopped
        };
        if call == Call::Release {
            Ok(leases.iter().map(each).collect())
        } else {
            Ok(leases.iter().map(one).collect())
        }
    }
}

#[test]
fn stops_at_the_lost() {
    breaks::<StopsAtTheLost>("many_leases_are_released_in_one_call_each_by_itself");
}

/// Looks which leases are live, and then releases them all.
#[derive(Debug, Default)]
struct LooksAtAllFirst;

impl Rules for LooksAtAllFirst {
    fn each(&self, call: Call, leases: &[Lease], one: &mut dyn FnMut(&Lease) -> bool) -> Result<Vec<bool>> {
        let mut live: Vec<_> = leases.iter().map(one).collect();
        if call == Call::Release {
            for place in 1..leases.len() {
                let first = leases[..place].iter().position(|lease| *lease == leases[place]);
                live[place] = first.map_or(live[place], |first| live[first]);
            }
        }
        Ok(live)
    }
}

#[test]
fn looks_at_all_first() {
    breaks::<LooksAtAllFirst>("many_leases_are_released_in_one_call_each_by_itself");
}

/// Has nothing to send where there are no leases, and calls that an error.
#[derive(Debug, Default)]
struct EmptyIsAnError;

impl Rules for EmptyIsAnError {
    fn each(&self, _call: Call, leases: &[Lease], one: &mut dyn FnMut(&Lease) -> bool) -> Result<Vec<bool>> {
        if leases.is_empty() {
            Err(Error::invalid("leases", 0, "1 to 64"))
        } else {
            Ok(leases.iter().map(one).collect())
        }
    }
}

#[test]
fn empty_is_an_error() {
    breaks::<EmptyIsAnError>("no_leases_are_no_answers");
}

/// Remembers released ids, and grants them nothing any more.
#[derive(Debug, Default)]
struct ReleasedIdsAreBarred(Seen);

impl Rules for ReleasedIdsAreBarred {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        if self.0.lock().unwrap().contains(request.id()) {
            return Err(rules::conflict());
        }
        rules::acquire(self, books, request, now_ms)
    }

    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        self.0.lock().unwrap().insert(lease.id().clone());
        let live = rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Release);
        remove(books, lease.id());
        live
    }
}

#[test]
fn released_ids_are_barred() {
    breaks::<ReleasedIdsAreBarred>("a_released_id_may_be_acquired_anew");
}
