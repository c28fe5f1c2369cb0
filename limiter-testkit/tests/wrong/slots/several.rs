//! Faults about renewals and releases of leases over several scopes.

use limiter_core::Lease;

use super::book::{Book, Call, put, remove};
use super::faulty::breaks;
use super::rules::{self, Rules};

/// Releases in the first two scopes.
#[derive(Debug, Default)]
struct ReleasesTwoScopes;

impl Rules for ReleasesTwoScopes {
    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let live = rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Release);
        books.iter_mut().take(2).for_each(|book| remove(std::slice::from_mut(book), lease.id()));
        live
    }
}

#[test]
fn releases_two_scopes() {
    breaks::<ReleasesTwoScopes>("a_release_frees_every_scope");
}

/// Answers live when the lease was live in any of its keys.
#[derive(Debug, Default)]
struct LiveInAny;

impl Rules for LiveInAny {
    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let find = |book| rules::find(self, book, lease.id(), now_ms, Call::Release);
        let live = books.iter().filter_map(find).count() > 0;
        remove(books, lease.id());
        live
    }
}

#[test]
fn live_in_any() {
    breaks::<LiveInAny>("a_release_answers_live_only_when_live_in_all");
}

/// Releases nothing where the lease wasn't live in all its keys.
#[derive(Debug, Default)]
struct ReleasesAllOrNothing;

impl Rules for ReleasesAllOrNothing {
    fn release(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Release)
            && rules::release(self, books, lease, now_ms)
    }
}

#[test]
fn releases_all_or_nothing() {
    breaks::<ReleasesAllOrNothing>("a_release_answers_live_only_when_live_in_all");
}

/// Renews in the first two scopes.
#[derive(Debug, Default)]
struct RenewsTwoScopes;

impl Rules for RenewsTwoScopes {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let live = rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Renew);
        let several = if live { books.len().min(2) } else { books.len() };
        rules::renew(self, &mut books[..several], lease, now_ms) && live
    }
}

#[test]
fn renews_two_scopes() {
    breaks::<RenewsTwoScopes>("a_renewal_renews_in_every_scope");
}

/// Tells that a lease is lost, and leaves it where it still stands.
#[derive(Debug, Default)]
struct LeavesWhatIsLeft;

impl Rules for LeavesWhatIsLeft {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        rules::is_live_in_all(self, books, lease.id(), now_ms, Call::Renew)
            && rules::renew(self, books, lease, now_ms)
    }
}

#[test]
fn leaves_what_is_left() {
    breaks::<LeavesWhatIsLeft>("a_renewal_removes_what_is_left_of_a_lost_lease");
}

/// Puts a lease back into the key in which it was lost, as long as it is live in another.
#[derive(Debug, Default)]
struct PutsBackWhatIsLost;

impl Rules for PutsBackWhatIsLost {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let find = |book| rules::find(self, book, lease.id(), now_ms, Call::Renew);
        if let Some(held) = books.iter().find_map(find).cloned() {
            for book in &mut *books {
                put(book, held.clone());
            }
        }
        rules::renew(self, books, lease, now_ms)
    }
}

#[test]
fn puts_back_what_is_lost() {
    breaks::<PutsBackWhatIsLost>("a_renewal_removes_what_is_left_of_a_lost_lease");
}
