//! Slots: how many at a time.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::Result;
use crate::key::Key;
use crate::lease::{Acquisition, HeldLease, Lease, LeaseRequest};

/// Limits how many permits are held at a time, in one or more scopes.
///
/// A lease holds permits until it is released or its time to live runs out. Whoever holds one renews it in time;
/// the `LeaseKeeper` of limiter-layers does that, and releases when its guard is dropped.
///
/// # Behavior
/// Each call is atomic over all its keys (a backend that can't do that says so in its
/// [`Capabilities`](crate::Capabilities)). A lease is live while the store's clock is before its expiry. There are
/// never more than `cap` permits of live leases granted in a scope by requests with that cap.
///
/// # Errors
/// A refusal is an answer, never an `Err`. Requests and leases are checked when they are built, so
/// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) is rare here. [`Conflict`](crate::ErrorKind::Conflict) when
/// an id is live with other permits; [`Capacity`](crate::ErrorKind::Capacity) when the store is full;
/// [`Unavailable`](crate::ErrorKind::Unavailable), [`Timeout`](crate::ErrorKind::Timeout) and
/// [`Protocol`](crate::ErrorKind::Protocol) where there is a store to talk to.
///
/// # Cancellation
/// A dropped future leaves its call done or not done as a whole. All calls carry an id and may be repeated. A
/// cancelled acquire may have been granted: release [`LeaseRequest::lease`], or let the TTL run out.
#[async_trait]
pub trait SlotLimiter: Debug + Send + Sync + 'static {
    /// Asks for permits in all scopes: granted in all or in none.
    ///
    /// # Behavior
    /// An id that is live in all the scopes is granted again whatever the caps, is not counted twice, and its
    /// expiry moves: so an acquire whose answer was lost can be repeated.
    ///
    /// # Errors
    /// See the trait.
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition>;

    /// Moves the expiry of each lease to its TTL from now, in one round trip; answers for each whether it is
    /// live.
    ///
    /// # Behavior
    /// A lease that isn't live in all its keys is lost: it is removed where it still stands, and a renewal never
    /// brings it back to life. Each lease is atomic by itself.
    ///
    /// # Errors
    /// See the trait.
    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>>;

    /// Gives the permits of each lease back, in one round trip; answers for each whether it was live. A second
    /// time changes nothing.
    ///
    /// # Errors
    /// See the trait.
    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>>;

    /// Permits of the live leases of a key.
    ///
    /// # Errors
    /// See the trait.
    async fn in_use(&self, key: &Key) -> Result<u64>;

    /// The live leases of a key, the first to run out first.
    ///
    /// # Errors
    /// See the trait.
    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>>;
}

/// Comfort over any [`SlotLimiter`].
#[async_trait]
pub trait SlotLimiterExt: SlotLimiter {
    /// Gives one lease back; answers whether it was live.
    ///
    /// # Errors
    /// As [`SlotLimiter::release`].
    async fn release_one(&self, lease: &Lease) -> Result<bool> {
        let live = self.release(std::slice::from_ref(lease)).await?;
        Ok(live.first().copied().unwrap_or(false))
    }

    /// Renews one lease; answers whether it is live.
    ///
    /// # Errors
    /// As [`SlotLimiter::renew`].
    async fn renew_one(&self, lease: &Lease) -> Result<bool> {
        let live = self.renew(std::slice::from_ref(lease)).await?;
        Ok(live.first().copied().unwrap_or(false))
    }
}

impl<L: SlotLimiter + ?Sized> SlotLimiterExt for L {}
