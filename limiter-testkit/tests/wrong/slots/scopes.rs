//! Faults about leases over several scopes.

use limiter_core::{Acquisition, Full, LeaseRequest, Result, Scope};

use super::book::{Book, Call, count, put, remove};
use super::faulty::{breaks, breaks_all};
use super::rules::{self, Rules};

/// A TTL that no lease has: the mark of one that isn't counted.
const UNCOUNTED: u64 = 0;

/// Holds a lease in all its scopes, and counts it in the first.
#[derive(Debug, Default)]
struct CountsInTheFirst;

impl Rules for CountsInTheFirst {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        if answer.is_acquired() {
            let others = books.iter_mut().skip(1).flatten();
            others.filter(|held| held.id == *request.id()).for_each(|held| held.ttl_ms = UNCOUNTED);
        }
        Ok(answer)
    }

    fn counted(&self, book: &Book, now_ms: u64) -> i64 {
        let live = book.iter().filter(|held| self.is_live(held, now_ms, Call::Acquire));
        live.filter(|held| held.ttl_ms != UNCOUNTED).map(|held| held.permits).sum()
    }
}

// What doesn't count can't be seen to be renewed.
#[test]
fn counts_in_the_first() {
    breaks_all::<CountsInTheFirst>(&[
        "a_lease_counts_in_each_of_its_scopes",
        "a_renewal_renews_in_every_scope",
        "a_lease_may_stand_in_sixty_four_scopes",
    ]);
}

/// Takes scope by scope, and keeps what it has when one refuses.
#[derive(Debug, Default)]
pub(crate) struct FirstScopesKeep;

impl Rules for FirstScopesKeep {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        if let Acquisition::Full(full) = &answer {
            for book in &mut books[..full.denied_by] {
                put(book, rules::held(self, request, now_ms));
            }
        }
        Ok(answer)
    }
}

#[test]
fn first_scopes_keep() {
    breaks::<FirstScopesKeep>("what_one_scope_refuses_is_taken_from_none");
}

/// Judges all scopes by one of their caps.
fn judged_by(
    rules: &impl Rules,
    books: &mut [Book],
    request: &LeaseRequest,
    now_ms: u64,
    cap: u64,
) -> Result<Acquisition> {
    rules::check_conflict(rules, books, request, now_ms)?;
    let full = |book: &Book| {
        let own =
            rules::find(rules, book, request.id(), now_ms, Call::Acquire).map_or(0, |held| held.permits);
        !rules.fits(rules.counted(book, now_ms) - own, count(request.permits()), count(cap))
    };
    let again = rules::is_live_in_all(rules, books, request.id(), now_ms, Call::Acquire);
    match books.iter().position(full) {
        Some(denied_by) if !again => Ok(rules::refuse(rules, books, denied_by, now_ms)),
        _ => Ok(rules::grant(rules, books, request, now_ms)),
    }
}

/// Holds all scopes to the first one's cap.
#[derive(Debug, Default)]
struct CapOfTheFirst;

impl Rules for CapOfTheFirst {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        judged_by(self, books, request, now_ms, request.scopes()[0].cap())
    }
}

#[test]
fn cap_of_the_first() {
    breaks::<CapOfTheFirst>("each_scope_is_held_to_its_own_cap");
}

/// Holds all scopes to the least cap.
#[derive(Debug, Default)]
struct LeastCap;

impl Rules for LeastCap {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let caps = request.scopes().iter().map(Scope::cap);
        judged_by(self, books, request, now_ms, caps.min().unwrap_or(0))
    }
}

#[test]
fn least_cap() {
    breaks::<LeastCap>("each_scope_is_held_to_its_own_cap");
}

/// Answers rightly, but for what a refusal tells.
fn refused_otherwise(
    rules: &impl Rules,
    books: &mut [Book],
    request: &LeaseRequest,
    now_ms: u64,
    change: impl FnOnce(&mut Full, &[Book]),
) -> Result<Acquisition> {
    let mut answer = rules::acquire(rules, books, request, now_ms)?;
    if let Acquisition::Full(full) = &mut answer {
        change(full, books);
    }
    Ok(answer)
}

/// Names the last scope that is full.
#[derive(Debug, Default)]
struct NamesTheLast;

impl Rules for NamesTheLast {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        refused_otherwise(self, books, request, now_ms, |full, books| {
            let counted = books.iter().map(|book| self.counted(book, now_ms));
            let fits = |(counted, scope): (i64, &Scope)| counted < count(scope.cap());
            let fits: Vec<_> = counted.zip(request.scopes()).map(fits).collect();
            full.denied_by = fits.iter().rposition(|fits| !fits).unwrap_or(full.denied_by);
        })
    }
}

#[test]
fn names_the_last() {
    breaks::<NamesTheLast>("a_refusal_names_the_first_scope_that_is_full");
}

/// Locks the scopes in the order of their keys, and names the first that is full in that order.
#[derive(Debug, Default)]
struct NamesInTheOrderOfKeys;

impl Rules for NamesInTheOrderOfKeys {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        refused_otherwise(self, books, request, now_ms, |full, books| {
            let is_full =
                |place: &usize| self.counted(&books[*place], now_ms) >= count(request.scopes()[*place].cap());
            let first =
                (0..books.len()).filter(is_full).min_by_key(|place| request.scopes()[*place].key().subject());
            full.denied_by = first.unwrap_or(full.denied_by);
        })
    }
}

#[test]
fn names_in_the_order_of_keys() {
    breaks::<NamesInTheOrderOfKeys>("a_refusal_names_the_first_scope_that_is_full");
}

/// Looks at no scope after the first that is full.
#[derive(Debug, Default)]
struct StopsAtTheFull;

impl Rules for StopsAtTheFull {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        refused_otherwise(self, books, request, now_ms, |full, _| full.in_use[full.denied_by + 1..].fill(0))
    }
}

#[test]
fn stops_at_the_full() {
    breaks::<StopsAtTheFull>("a_refusal_tells_in_use_of_every_scope");
}

/// Tells in_use in the order of the keys.
#[derive(Debug, Default)]
struct TellsInTheOrderOfKeys;

impl Rules for TellsInTheOrderOfKeys {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        refused_otherwise(self, books, request, now_ms, |full, _| {
            let mut places: Vec<_> = (0..full.in_use.len()).collect();
            places.sort_by_key(|place| request.scopes()[*place].key().subject());
            full.in_use = places.into_iter().map(|place| full.in_use[place]).collect();
        })
    }
}

#[test]
fn tells_in_the_order_of_keys() {
    breaks::<TellsInTheOrderOfKeys>("a_refusal_tells_in_use_of_every_scope");
}

/// Leaves the id's own leases out of what it tells, as it does where it judges.
#[derive(Debug, Default)]
struct OwnIsNotTold;

impl Rules for OwnIsNotTold {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        refused_otherwise(self, books, request, now_ms, |full, books| {
            for (in_use, book) in full.in_use.iter_mut().zip(books) {
                let own = rules::find(self, book, request.id(), now_ms, Call::Tell);
                *in_use -= own.map_or(0, |_| request.permits());
            }
        })
    }
}

#[test]
fn own_is_not_told() {
    breaks::<OwnIsNotTold>("a_refusal_counts_the_leases_of_the_id_too");
}

/// Finds a conflict in the first scope alone.
#[derive(Debug, Default)]
struct ConflictInTheFirstAlone;

impl Rules for ConflictInTheFirstAlone {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        rules::check_conflict(self, &books[..1], request, now_ms)?;
        if rules::check_conflict(self, books, request, now_ms).is_err() {
            return Ok(rules::grant(self, books, request, now_ms));
        }
        rules::acquire(self, books, request, now_ms)
    }
}

#[test]
fn conflict_in_the_first_alone() {
    breaks::<ConflictInTheFirstAlone>("a_conflict_in_one_scope_changes_none");
}

/// Takes scope by scope, and keeps what it has when one tells of a conflict.
#[derive(Debug, Default)]
struct ConflictKeepsTheFirst;

impl Rules for ConflictKeepsTheFirst {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        for place in 0..books.len() {
            rules::check_conflict(self, &books[place..=place], request, now_ms).inspect_err(|_| {
                let held = rules::held(self, request, now_ms);
                books[..place].iter_mut().for_each(|book| put(book, held.clone()));
            })?;
        }
        rules::acquire(self, books, request, now_ms)
    }
}

#[test]
fn conflict_keeps_the_first() {
    breaks::<ConflictKeepsTheFirst>("a_conflict_in_one_scope_changes_none");
}

/// Takes the first ten scopes of a call.
#[derive(Debug, Default)]
struct TenScopesAtMost;

impl Rules for TenScopesAtMost {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        if answer.is_acquired() {
            remove(&mut books[10.min(request.scopes().len())..], request.id());
        }
        Ok(answer)
    }
}

#[test]
fn ten_scopes_at_most() {
    breaks::<TenScopesAtMost>("a_lease_may_stand_in_sixty_four_scopes");
}

/// Takes an id for granted that is live in any scope.
#[derive(Debug, Default)]
struct LiveInAnyIsEnough;

impl Rules for LiveInAnyIsEnough {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        rules::check_conflict(self, books, request, now_ms)?;
        let live = |book: &Book| rules::find(self, book, request.id(), now_ms, Call::Acquire).is_some();
        if books.iter().any(live) {
            return Ok(rules::grant(self, books, request, now_ms));
        }
        rules::acquire(self, books, request, now_ms)
    }
}

// Who grants that can't be asked what a refusal tells.
#[test]
fn live_in_any_is_enough() {
    breaks::<LiveInAnyIsEnough>("an_id_counts_as_its_own_where_it_is_live");
}

/// Knows an acquire that is sent again by its first scope, and judges the others.
#[derive(Debug, Default)]
struct AgainInTheFirstAlone;

impl Rules for AgainInTheFirstAlone {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let again = rules::is_live_in_all(self, &books[..1], request.id(), now_ms, Call::Acquire);
        match rules::first_full(self, books, request, now_ms) {
            Some(denied_by) if again && denied_by > 0 => {
                rules::check_conflict(self, books, request, now_ms)?;
                Ok(rules::refuse(self, books, denied_by, now_ms))
            }
            _ => rules::acquire(self, books, request, now_ms),
        }
    }
}

#[test]
fn again_in_the_first_alone() {
    breaks::<AgainInTheFirstAlone>("an_acquire_over_scopes_sent_again_is_granted_whatever_the_caps");
}

/// Judges an id that is live in some scopes as if it were somebody else there.
#[derive(Debug, Default)]
struct OwnIsAnothers;

impl Rules for OwnIsAnothers {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let again = rules::is_live_in_all(self, books, request.id(), now_ms, Call::Acquire);
        let mut places = books.iter().zip(request.scopes());
        let full = places.position(|(book, scope)| {
            !self.fits(self.counted(book, now_ms), count(request.permits()), count(scope.cap()))
        });
        match full {
            Some(denied_by) if !again => {
                rules::check_conflict(self, books, request, now_ms)?;
                Ok(rules::refuse(self, books, denied_by, now_ms))
            }
            _ => rules::acquire(self, books, request, now_ms),
        }
    }
}

#[test]
fn own_is_anothers() {
    breaks::<OwnIsAnothers>("an_id_counts_as_its_own_where_it_is_live");
}
