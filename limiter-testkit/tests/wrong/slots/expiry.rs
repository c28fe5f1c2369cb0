//! Faults about when leases run out.

use limiter_core::{Acquisition, Lease, LeaseRequest, Result};

use super::book::{Book, Call, Held, count};
use super::faulty::breaks;
use super::rules::{self, Rules};

/// Judges a lease as live for a millisecond more.
#[derive(Debug, Default)]
struct LivesAMillisecondMore;

impl Rules for LivesAMillisecondMore {
    fn is_live(&self, held: &Held, now_ms: u64, call: Call) -> bool {
        now_ms < held.expires_ms + u64::from(call == Call::Acquire)
    }
}

#[test]
fn lives_a_millisecond_more() {
    breaks::<LivesAMillisecondMore>("a_lease_runs_out_when_its_ttl_ends");
}

/// Judges a lease as live for a millisecond less.
#[derive(Debug, Default)]
struct LivesAMillisecondLess;

impl Rules for LivesAMillisecondLess {
    fn is_live(&self, held: &Held, now_ms: u64, call: Call) -> bool {
        now_ms + u64::from(call == Call::Acquire) < held.expires_ms
    }
}

#[test]
fn lives_a_millisecond_less() {
    breaks::<LivesAMillisecondLess>("a_lease_runs_out_when_its_ttl_ends");
}

/// Keeps TTLs in 32 bits of milliseconds.
#[derive(Debug, Default)]
struct TtlInThirtyTwoBits;

impl Rules for TtlInThirtyTwoBits {
    fn expires_ms(&self, now_ms: u64, ttl_ms: u64) -> u64 {
        now_ms + ttl_ms.min(u64::from(i32::MAX.unsigned_abs()))
    }
}

#[test]
fn ttl_in_thirty_two_bits() {
    breaks::<TtlInThirtyTwoBits>("a_lease_of_thirty_days_lasts_thirty_days");
}

/// Keeps no lease longer than an hour.
#[derive(Debug, Default)]
struct TtlOfAnHourAtMost;

impl Rules for TtlOfAnHourAtMost {
    fn expires_ms(&self, now_ms: u64, ttl_ms: u64) -> u64 {
        now_ms + ttl_ms.min(3_600_000)
    }
}

#[test]
fn ttl_of_an_hour_at_most() {
    breaks::<TtlOfAnHourAtMost>("a_lease_of_thirty_days_lasts_thirty_days");
}

/// Tells the expiry of a long lease as it should be, and drops the key after a day.
#[derive(Debug, Default)]
struct KeysLastADay;

impl Rules for KeysLastADay {
    fn is_live(&self, held: &Held, now_ms: u64, _call: Call) -> bool {
        now_ms < held.expires_ms.min(held.granted_ms + 86_400_000)
    }
}

#[test]
fn keys_last_a_day() {
    breaks::<KeysLastADay>("a_lease_of_thirty_days_lasts_thirty_days");
}

/// Each acquire sets when the whole key ends: with its own TTL.
#[derive(Debug, Default)]
struct KeyEndsWithItsLatest;

impl Rules for KeyEndsWithItsLatest {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        if answer.is_acquired() {
            let ends_ms = self.expires_ms(now_ms, request.ttl_ms());
            books.iter_mut().flatten().for_each(|held| held.dropped_ms = ends_ms);
        }
        Ok(answer)
    }
}

#[test]
fn key_ends_with_its_latest() {
    breaks::<KeyEndsWithItsLatest>("a_short_lease_takes_no_longer_one_along");
}

/// The lease that makes a key sets when the whole key ends.
#[derive(Debug, Default)]
struct KeyEndsWithItsFirst;

impl Rules for KeyEndsWithItsFirst {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let answer = rules::acquire(self, books, request, now_ms)?;
        for book in books {
            let live = book.iter().filter(|held| self.is_live(held, now_ms, Call::Acquire));
            let Some(ends_ms) = live.map(|held| held.expires_ms).next() else { continue };
            book.iter_mut()
                .filter(|held| held.granted_ms == now_ms)
                .for_each(|held| held.dropped_ms = ends_ms);
        }
        Ok(answer)
    }
}

#[test]
fn key_ends_with_its_first() {
    breaks::<KeyEndsWithItsFirst>("a_short_lease_takes_no_longer_one_along");
}

/// Each renewal sets when the whole key ends.
#[derive(Debug, Default)]
struct RenewalEndsTheKey;

impl Rules for RenewalEndsTheKey {
    fn renew(&self, books: &mut [Book], lease: &Lease, now_ms: u64) -> bool {
        let live = rules::renew(self, books, lease, now_ms);
        if live {
            let ends_ms = self.expires_ms(now_ms, lease.ttl_ms());
            books.iter_mut().flatten().for_each(|held| held.dropped_ms = ends_ms);
        }
        live
    }
}

#[test]
fn renewal_ends_the_key() {
    breaks::<RenewalEndsTheKey>("a_short_renewal_shortens_no_other_lease");
}

/// Holds the permits of a lease that ran out against its id.
#[derive(Debug, Default)]
struct DeadPermitsConflict;

impl Rules for DeadPermitsConflict {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        let mut held = books.iter().flatten().filter(|held| held.id == *request.id());
        if held.any(|held| held.permits != count(request.permits())) {
            return Err(rules::conflict());
        }
        rules::acquire(self, books, request, now_ms)
    }
}

#[test]
fn dead_permits_conflict() {
    breaks::<DeadPermitsConflict>("an_id_that_ran_out_is_as_if_never_used");
}

/// Grants an id again that ran out, whatever the caps.
#[derive(Debug, Default)]
struct DeadIsGrantedAgain;

impl Rules for DeadIsGrantedAgain {
    fn acquire(&self, books: &mut [Book], request: &LeaseRequest, now_ms: u64) -> Result<Acquisition> {
        rules::check_conflict(self, books, request, now_ms)?;
        if books.iter().all(|book| book.iter().any(|held| held.id == *request.id())) {
            return Ok(rules::grant(self, books, request, now_ms));
        }
        rules::acquire(self, books, request, now_ms)
    }
}

#[test]
fn dead_is_granted_again() {
    breaks::<DeadIsGrantedAgain>("an_id_that_ran_out_is_as_if_never_used");
}

/// Sums up what is kept, run out or not.
#[derive(Debug, Default)]
struct InUseCountsTheDead;

impl Rules for InUseCountsTheDead {
    fn is_live(&self, held: &Held, now_ms: u64, call: Call) -> bool {
        call == Call::InUse || now_ms < held.expires_ms
    }
}

#[test]
fn in_use_counts_the_dead() {
    breaks::<InUseCountsTheDead>("in_use_leaves_out_what_ran_out");
}

/// Lists what ran out.
#[derive(Debug, Default)]
struct LeasesListTheDead;

impl Rules for LeasesListTheDead {
    fn is_live(&self, held: &Held, now_ms: u64, call: Call) -> bool {
        call == Call::Leases || now_ms < held.expires_ms
    }
}

#[test]
fn leases_list_the_dead() {
    breaks::<LeasesListTheDead>("leases_leave_out_what_ran_out");
}

/// Tells what ran out as in use in its answers, although it judges without it.
#[derive(Debug, Default)]
struct AnswersCountTheDead;

impl Rules for AnswersCountTheDead {
    fn is_live(&self, held: &Held, now_ms: u64, call: Call) -> bool {
        call == Call::Tell || now_ms < held.expires_ms
    }
}

#[test]
fn answers_count_the_dead() {
    breaks::<AnswersCountTheDead>("an_acquire_counts_nothing_that_ran_out");
}
