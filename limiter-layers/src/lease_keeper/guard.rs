//! What a caller holds.

use limiter_core::{Full, Lease, LeaseId, Result, Source};

use super::order::{Granted, Hold};

/// The answer to [`LeaseKeeper::acquire`](crate::LeaseKeeper::acquire).
#[derive(Debug)]
#[must_use = "a slot is given back when it is dropped: one that nobody keeps limits nothing"]
pub enum Slot {
    /// Granted in every scope, and held until the guard is dropped.
    Acquired(SlotGuard),
    /// Refused; nothing is held.
    Full(Full),
}

impl Slot {
    /// Whether it was granted.
    pub const fn is_acquired(&self) -> bool {
        matches!(self, Self::Acquired(_))
    }

    /// Permits held in each scope after the call, in the request's order.
    pub fn in_use(&self) -> &[u64] {
        match self {
            Self::Acquired(guard) => guard.in_use(),
            Self::Full(full) => &full.in_use,
        }
    }

    /// Where the answer comes from.
    pub const fn source(&self) -> Source {
        match self {
            Self::Acquired(guard) => guard.source(),
            Self::Full(full) => full.source,
        }
    }

    /// The guard when granted, the refusal as an error otherwise.
    ///
    /// # Errors
    /// The refusal.
    pub fn into_result(self) -> Result<SlotGuard, Full> {
        match self {
            Self::Acquired(guard) => Ok(guard),
            Self::Full(full) => Err(full),
        }
    }
}

impl From<Granted> for Slot {
    fn from(granted: Granted) -> Self {
        match granted {
            Granted::Held(hold) => Self::Acquired(SlotGuard { hold }),
            Granted::Full(full) => Self::Full(full),
        }
    }
}

/// Holds a slot. Its lease is renewed as long as the guard lives, and given back when it is dropped.
///
/// # Dropping
/// It may be dropped anywhere: on a thread without a runtime, in a panic, while a runtime shuts down, after the
/// keeper was shut down. It hands the lease to the keeper's task and never waits and never panics. While the
/// keeper lives and the store answers, the slot is free within a second; otherwise its TTL frees it. A guard that
/// is leaked (`mem::forget`) holds its slot for as long as the keeper's runtime lives.
///
/// # When the lease is lost
/// Nobody can stop a holder that doesn't listen: what is done with a slot should end when [`SlotGuard::lost`]
/// completes, because the slot may belong to somebody else from then on.
#[derive(Debug)]
#[must_use = "dropping the guard gives the slot back"]
pub struct SlotGuard {
    hold: Hold,
}

impl SlotGuard {
    /// The id of the lease.
    pub fn id(&self) -> &LeaseId {
        self.lease().id()
    }

    /// The lease: its keys, permits and TTL.
    pub fn lease(&self) -> &Lease {
        self.hold.lease()
    }

    /// Permits held in each scope when it was granted, in the request's order, its own among them; empty where it isn't known.
    pub fn in_use(&self) -> &[u64] {
        self.hold.in_use()
    }

    /// Where the grant came from: the store, or a layer that let through or counted elsewhere.
    pub const fn source(&self) -> Source {
        self.hold.source()
    }

    /// Whether the lease is lost. Once it is, it stays so.
    ///
    /// It is lost when a renewal answers that it isn't live; when no renewal has succeeded for (a little less
    /// than) its TTL, counted from before the last one that did was sent; and when the keeper was shut down or
    /// its runtime has ended. So it is known before the lease runs out by the store's clock, unless the store
    /// forgot it or the clocks run at different speeds. It looks at the clock itself, so that a holder whose
    /// whole process stood still learns of it too. (The clock stands still while a machine is suspended: then
    /// the next renewal tells.)
    pub fn is_lost(&self) -> bool {
        self.hold.term().is_over()
    }

    /// Completes when the lease [is lost](Self::is_lost), for everybody who waits, and at once from then on.
    /// While it isn't lost, it waits.
    ///
    /// ```
    /// # use limiter_layers::SlotGuard;
    /// async fn stream(slot: SlotGuard, work: impl Future<Output = ()>) {
    ///     tokio::select! {
    ///         () = work => {}
    ///         () = slot.lost() => eprintln!("slot {} is lost: the stream ends", slot.id()),
    ///     }
    /// }
    /// ```
    ///
    /// # Cancellation
    /// Dropping the future changes nothing; another one may be awaited. It needs no runtime of its own.
    pub async fn lost(&self) {
        self.hold.term().over().await;
    }

    /// Gives the slot back now, and answers whether its lease was still live. `false`: it had been lost, or a
    /// shutdown gave it back. Nobody else's slot is freed by it.
    ///
    /// Dropping the guard does the same without waiting.
    ///
    /// # Errors
    /// Why the store didn't take it. The keeper then goes on trying while the error is transient, until the TTL
    /// has freed the lease. [`Unavailable`](limiter_core::ErrorKind::Unavailable) when the keeper's runtime has
    /// ended: then the TTL frees it.
    ///
    /// # Cancellation
    /// The slot is given back all the same.
    pub async fn release(self) -> Result<bool> {
        self.hold.release().await
    }
}
