//! Quotas: how much per calendar period.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::quota::Quota;
use crate::reservation::{QuotaCharge, QuotaOutcome, Reservation, Reserved, Settlement};

/// Tracks what is used of a quota: recorded after the work, or reserved before it and settled after it.
///
/// # Behavior
/// Each call is atomic over all its counters (a backend that can't do that says so in its
/// [`Capabilities`](crate::Capabilities)). When the calendar period turns, `used` is 0 and reservations are gone;
/// settled ids stay remembered. What was consumed is never lost: `record` and `settle` always count, past the
/// cap too.
///
/// # Errors
/// A refusal is an answer, never an `Err`. [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for an amount above
/// 2^53 − 1; [`Conflict`](crate::ErrorKind::Conflict) from `reserve`; [`Capacity`](crate::ErrorKind::Capacity) when
/// the store is full; [`Unavailable`](crate::ErrorKind::Unavailable), [`Timeout`](crate::ErrorKind::Timeout) and
/// [`Protocol`](crate::ErrorKind::Protocol) where there is a store to talk to.
///
/// # Cancellation
/// A dropped future leaves its call done or not done as a whole. `reserve` and `settle` carry an id and may be
/// repeated; `record` may not, for it would count again.
#[async_trait]
pub trait QuotaTracker: Debug + Send + Sync + 'static {
    /// Whether anything is left: allowed while used and reserved together are below `max`. Changes nothing.
    ///
    /// # Errors
    /// See the trait.
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome>;

    /// Adds to what was used, always, past the cap too. Its outcome is always allowed.
    ///
    /// # Errors
    /// See the trait.
    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome>;

    /// Sets units aside in all counters, or in none, until settled or until the TTL runs out.
    ///
    /// # Behavior
    /// The same id again with the same amounts is granted, not counted twice, and its expiry moves.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) when the id is held with another amount or was settled within the
    /// last ten minutes; nothing changes. Else see the trait.
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved>;

    /// Takes away what is held under the id and adds what was really used, always: also when the reservation ran
    /// out, the period turned, or nothing was ever reserved under the id.
    ///
    /// # Behavior
    /// For each counter, a further settle of the same id within ten minutes changes nothing: so a settle whose
    /// answer was lost can be repeated. Its outcomes are always allowed, one for each charge in order.
    ///
    /// # Errors
    /// See the trait.
    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>>;

    /// Forgets one counter of a key, reservations and settled ids included.
    ///
    /// # Errors
    /// See the trait.
    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()>;
}

/// Comfort over any [`QuotaTracker`].
#[async_trait]
pub trait QuotaTrackerExt: QuotaTracker {
    /// Units used in the current period, without those set aside.
    ///
    /// # Errors
    /// As [`QuotaTracker::check`].
    async fn used(&self, key: &Key, quota: &Quota) -> Result<u64> {
        Ok(self.check(key, quota).await?.used)
    }

    /// Sets units of one quota aside, under a new id.
    ///
    /// # Errors
    /// As [`Reservation::new`] and [`QuotaTracker::reserve`].
    async fn reserve_one(
        &self,
        key: &Key,
        quota: &Quota,
        amount: u64,
        ttl: Duration,
    ) -> Result<(Reservation, Reserved)> {
        let reservation = Reservation::new([QuotaCharge::new(key.clone(), *quota, amount)], ttl)?;
        let reserved = self.reserve(&reservation).await?;
        Ok((reservation, reserved))
    }

    /// Settles a reservation of one quota: `actual` units were really used.
    ///
    /// # Errors
    /// As [`Reservation::settlement`] and [`QuotaTracker::settle`];
    /// [`Protocol`](crate::ErrorKind::Protocol) when the backend tells no outcome.
    async fn settle_one(&self, reservation: &Reservation, actual: u64) -> Result<QuotaOutcome> {
        let outcomes = self.settle(&reservation.settlement(&[actual])?).await?;
        outcomes
            .first()
            .copied()
            .ok_or_else(|| Error::new(ErrorKind::Protocol, "a settle without an outcome"))
    }

    /// Gives a reservation back: nothing was used.
    ///
    /// # Errors
    /// As [`QuotaTracker::settle`].
    async fn cancel(&self, reservation: &Reservation) -> Result<()> {
        self.settle(&reservation.cancellation()).await.map(drop)
    }
}

impl<T: QuotaTracker + ?Sized> QuotaTrackerExt for T {}
