//! What a service holds: the three limiters of one backend.

use std::fmt;
use std::sync::Arc;

use limiter_core::{Backend, QuotaTracker, RateLimiter, Result};
use limiter_layers::{LeaseKeeper, Waiters};

use crate::told::Told;

/// How many callers may wait at a time unless a variable says otherwise.
const WAITERS: usize = 1000;

/// The rates, slots and quotas of the backend that was chosen. Clones are the same limiters.
///
/// # Rates
/// ```
/// use limiter_factory::{Decision, Key, RateLimiterExt, limit};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limiters = limiter_factory::from_vars([("RATE_LIMITER", "memory")]).await?;
/// let key = Key::new("chat", "user-17")?;
///
/// match limiters.rates().hit_one(&key, &limit!("5/min")).await? {
///     Decision::Allowed(allowed) => assert_eq!(allowed.remaining(), Some(4)),
///     Decision::Denied(denied) => println!("429, {}", denied.retry_after()),
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Slots
/// ```
/// use std::time::Duration;
/// use limiter_factory::{Key, LeaseRequest, Scope, Slot};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limiters = limiter_factory::from_vars([("RATE_LIMITER", "memory")]).await?;
/// let all = Scope::new(Key::all("streams.total")?, 1000);
/// let own = Scope::new(Key::new("streams.user", "user-17")?, 5);
///
/// match limiters.slots().acquire(&LeaseRequest::new([all, own], Duration::from_secs(30))?).await? {
///     // Held, and renewed in time, until the guard is released or dropped.
///     Slot::Acquired(guard) => assert!(guard.release().await?),
///     Slot::Full(full) => println!("429, scope {} is full", full.denied_by),
/// }
/// # limiters.shutdown().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Quotas
/// ```
/// use std::time::Duration;
/// use limiter_factory::{Key, Quota, QuotaTrackerExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limiters = limiter_factory::from_vars([("RATE_LIMITER", "memory")]).await?;
/// let (key, day) = (Key::new("scan.bytes", "user-17")?, "50 GiB/day".parse::<Quota>()?);
///
/// let ttl = Duration::from_secs(600);
/// let (reservation, reserved) = limiters.quotas().reserve_one(&key, &day, 4_000_000, ttl).await?;
/// if reserved.is_granted() {
///     // What was really scanned counts, whatever was estimated.
///     let after = limiters.quotas().settle(&reservation.settlement(&[3_100_000])?).await?;
///     assert_eq!(after[0].used, 3_100_000);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Limiters {
    backend: Backend,
    slots: LeaseKeeper,
    waiters: Waiters,
    told: Arc<Told>,
}

impl Limiters {
    /// The limiters of a backend that the program builds itself: in tests, or where no environment chooses.
    /// To be called within a tokio runtime, on which the leases are renewed.
    pub fn from_backend(backend: Backend) -> Self {
        let told = Told::of(&backend);
        Self::new(backend, told, None)
    }

    pub(crate) fn new(backend: Backend, told: Told, most_waiters: Option<usize>) -> Self {
        Self {
            slots: LeaseKeeper::new(Arc::clone(&backend.slots)),
            backend,
            waiters: Waiters::new(most_waiters.unwrap_or(WAITERS)),
            told: Arc::new(told),
        }
    }

    /// Rates: how many hits in how much time.
    pub fn rates(&self) -> &Arc<dyn RateLimiter> {
        &self.backend.rates
    }

    /// Slots: how many at a time. The keeper renews what it grants, and releases what is dropped.
    pub const fn slots(&self) -> &LeaseKeeper {
        &self.slots
    }

    /// Quotas: how much per calendar period.
    pub fn quotas(&self) -> &Arc<dyn QuotaTracker> {
        &self.backend.quotas
    }

    /// Waiting for a limit to let through, for as many callers at a time as `LIMITER_MAX_WAITERS` says.
    ///
    /// ```
    /// use std::time::Duration;
    /// use limiter_factory::{Charge, Key, limit};
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limiters = limiter_factory::from_vars([("RATE_LIMITER", "memory")]).await?;
    /// let (key, limit) = (Key::new("mails", "user-17")?, limit!("bucket 100/s burst 1"));
    /// let deadline = Instant::now() + Duration::from_secs(5);
    /// for _ in 0..3 {
    ///     let charges = [Charge::new(&key, &limit)];
    ///     let mail = limiters.waiters().hit_until(&**limiters.rates(), &charges, deadline).await?;
    ///     assert!(mail.is_allowed(), "the second and third wait 10 ms each");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub const fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    /// What `RATE_LIMITER` calls the backend.
    pub fn name(&self) -> &str {
        &self.backend.name
    }

    /// The backend itself: what it can do stands in its `control`.
    pub const fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// Why it doesn't, by kind.
    pub async fn ping(&self) -> Result<()> {
        self.backend.control.ping().await
    }

    /// What was chosen and why, in words for a log. No secrets.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), limiter_factory::ConfigErrors> {
    /// let limiters = limiter_factory::from_vars([("RATE_LIMITER", "memory")]).await?;
    /// assert!(limiters.describe().starts_with("memory (from RATE_LIMITER): "));
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe(&self) -> String {
        self.told.describe(&self.backend.control.describe())
    }

    /// Ends it: releases every lease that is held, then ends what the backend runs by itself. A second time
    /// does nothing.
    ///
    /// # Errors
    /// What couldn't be ended cleanly, the leases' before the backend's. Both are tried.
    ///
    /// # Cancellation
    /// What was under way goes on or not; leases that weren't released run out with their TTL.
    pub async fn shutdown(&self) -> Result<()> {
        let drained = self.slots.shutdown().await;
        let ended = self.backend.control.shutdown().await;
        drained.and(ended)
    }
}

impl fmt::Debug for Limiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiters")
            .field("name", &self.name())
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
