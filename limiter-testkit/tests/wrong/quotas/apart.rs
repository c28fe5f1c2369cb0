//! Stores that can't change several keys in one step: two that are right, and faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Capabilities, Control, Error, ErrorKind, QuotaCharge, QuotaTracker, Reservation, Reserved, Result,
};
use limiter_testkit::{Candidate, Trial, cases};
use tokio::task::yield_now;

use super::wrong::{Fault, Right, with_fault, with_max};
use crate::judge::caught_by;

/// A store whose calls over several keys aren't atomic.
#[derive(Debug)]
struct Apart;

#[async_trait]
impl Control for Apart {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "key by key".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }
}

/// What becomes of a reserve over several counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InParts {
    /// It is refused as unsupported.
    Unsupported,
    /// It is decided counter by counter; where one refuses, the others are given back.
    GivenBack,
    /// The same, and what was set aside stays.
    Kept,
    /// All counters are looked at first, and then set aside.
    LookedAtFirst,
    /// It is refused as unsupported after the first.
    UnsupportedTooLate,
}

#[async_trait]
impl Fault for InParts {
    async fn reserve(&self, right: &Right, reservation: &Reservation) -> Result<Reserved> {
        let charges = reservation.charges();
        if charges.iter().all(|charge| charge.key() == charges[0].key()) {
            return right.model.reserve(reservation).await;
        }
        match self {
            Self::Unsupported => Err(unsupported()),
            Self::UnsupportedTooLate => {
                let first = part(reservation, &charges[0])?;
                let _ = right.model.reserve(&first).await?;
                Err(unsupported())
            }
            Self::LookedAtFirst => looked_at_first(right, reservation).await,
            Self::GivenBack | Self::Kept => in_parts(right, reservation, *self == Self::GivenBack).await,
        }
    }
}

fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "several keys in one call")
}

/// The part of a reservation that is about one counter.
fn part(reservation: &Reservation, charge: &QuotaCharge) -> Result<Reservation> {
    let part = Reservation::new([charge.clone()], Duration::from_millis(reservation.ttl_ms()))?;
    Ok(part.with_id(reservation.id().clone()))
}

async fn in_parts(right: &Right, reservation: &Reservation, gives_back: bool) -> Result<Reserved> {
    let mut outcomes = Vec::new();
    for (place, charge) in reservation.charges().iter().enumerate() {
        let reserved = right.model.reserve(&part(reservation, charge)?).await?;
        yield_now().await;
        outcomes.extend_from_slice(reserved.outcomes());
        if !reserved.is_granted() {
            for held in reservation.charges()[..place].iter().filter(|_| gives_back) {
                let _ = right.model.settle(&part(reservation, held)?.cancellation()).await?;
            }
            return Ok(Reserved::Refused(outcomes));
        }
    }
    Ok(Reserved::Granted(outcomes))
}

async fn looked_at_first(right: &Right, reservation: &Reservation) -> Result<Reserved> {
    for charge in reservation.charges() {
        let outcome = right.model.check(charge.key(), charge.quota()).await?;
        if outcome.remaining < charge.amount() {
            return right.model.reserve(reservation).await;
        }
    }
    for _ in 0..20 {
        yield_now().await;
    }
    right.model.reserve(&with_max(reservation, 1_000)?).await
}

/// With its clock handed in, so that the cases take no time.
fn apart(in_parts: InParts) -> Candidate {
    let handed_in = with_fault(in_parts);
    let mut backend = handed_in.backend().clone();
    backend.control = Arc::new(Apart);
    Candidate::new(backend).with_clock(handed_in.clock().unwrap().clone())
}

/// Both ways that are allowed keep both promises.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_allowed_apart() {
    for in_parts in [InParts::Unsupported, InParts::GivenBack] {
        let candidate = apart(in_parts);
        let (quotas, trial) = (&candidate.backend().quotas, Trial::of(&candidate));
        cases::quotas::counters_apart_hold_nothing_of_a_refused_reserve(quotas, &trial).await.unwrap();
        cases::quotas::counters_apart_never_pass_a_cap(quotas, &trial).await.unwrap();
    }
}

#[test]
fn kept_where_a_later_one_refuses() {
    let case = "quotas::counters_apart_hold_nothing_of_a_refused_reserve";
    let broken = caught_by(case, || apart(InParts::Kept));
    assert_eq!(broken.wanted(), "0 reserved");
}

#[test]
fn unsupported_too_late() {
    let case = "quotas::counters_apart_hold_nothing_of_a_refused_reserve";
    caught_by(case, || apart(InParts::UnsupportedTooLate));
}

#[test]
fn looked_at_before_they_are_set_aside() {
    caught_by("quotas::counters_apart_never_pass_a_cap", || apart(InParts::LookedAtFirst));
}
