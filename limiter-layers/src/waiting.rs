//! Waiting for a limit to let through, until a deadline.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Acquisition, Charge, Decision, LeaseRequest, RateLimiter, RateLimiterExt, Result, Retry, SlotLimiter,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::lease_keeper::{LeaseKeeper, Slot};

/// A timer counts whole milliseconds, and so do limits.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
const LEAST_JITTER: Duration = Duration::from_millis(5);
const MOST_JITTER: Duration = Duration::from_millis(250);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long before the deadline slots are asked for the last time, so that the answer comes in time.
const LAST_CALL: Duration = Duration::from_millis(10);

/// Lets callers wait until a limit lets them through, as many at a time as there are places.
///
/// Clones are handles of the same places. A service makes one and shares it.
///
/// # Behavior
/// The first try is made at once and takes no place. Whoever is denied and could still get through in time takes one
/// and waits; where all places are taken, the denial is the answer, at once. So a flood of callers can't fill the
/// memory with waiting ones. A place is free again as soon as its caller has an answer, or goes.
///
/// Who gets through first among those who wait isn't said: they don't queue, each tries again by itself.
///
/// Waiting needs tokio's timer: whoever has to wait panics outside a runtime that has it enabled.
///
/// # Errors
/// As the call that is repeated. The first error ends the waiting, for a hit of which the answer was lost may have
/// been charged.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use limiter_core::{Charge, Key, limit};
/// use limiter_layers::Waiters;
/// use limiter_memory::{Config, MemoryBackend};
/// use tokio::time::Instant;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// let memory = MemoryBackend::new(Config::default())?;
/// let waiters = Waiters::new(1000);
/// let (key, limit) = (Key::new("mails", "u1")?, limit!("bucket 100/s burst 1"));
/// for _ in 0..3 {
///     // One mail every 10 ms: the second and third wait.
///     let deadline = Instant::now() + Duration::from_secs(5);
///     assert!(waiters.hit_until(&memory, &[Charge::new(&key, &limit)], deadline).await?.is_allowed());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Waiters {
    places: Arc<Semaphore>,
    most: usize,
}

impl Waiters {
    /// Places for so many callers at a time. With 0, nobody waits.
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(most)), most }
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.most - self.places.available_permits()
    }

    /// Hits until it is allowed or can't be any more in time: all charges or none, as [`RateLimiter::hit`].
    ///
    /// # Behavior
    /// A denied call waits as long as the denial says, and up to a tenth longer (5 to 250 ms), so that not all wake at
    /// once. A wait that goes beyond the deadline isn't begun, and [`Retry::Never`] isn't waited for: the denial is the
    /// answer. The decision is that of the last try. A try under way at the deadline isn't cut off. A limit that counts
    /// denied hits counts each try.
    ///
    /// # Errors
    /// As [`RateLimiter::hit`], of the first try that errs.
    ///
    /// # Cancellation
    /// While it waits, nothing is charged, and its place is free at once. Else as [`RateLimiter::hit`].
    pub async fn hit_until<L>(
        &self,
        limiter: &L,
        charges: &[Charge<'_>],
        deadline: Instant,
    ) -> Result<Decision>
    where
        L: RateLimiter + ?Sized,
    {
        let mut waiter = self.waiter();
        loop {
            let decision = limiter.hit_all(charges).await?;
            let Some(retry) = decision.retry_after() else {
                return Ok(decision);
            };
            if !waiter.wait_until(retry_at(retry, deadline)).await {
                return Ok(decision);
            }
        }
    }

    /// Acquires a slot until it is granted or the deadline is near. What is granted is held until its guard is dropped.
    ///
    /// # Behavior
    /// Nobody can know when a slot gets free. So it is asked for again and again: after 20 ms, then after pauses that
    /// double up to 1 s, each shortened by up to half at random, and a last time 10 ms before the deadline.
    /// A request for more permits than the cap of a scope is asked once. The answer is that of the last try.
    ///
    /// # Errors
    /// As [`LeaseKeeper::acquire`], of the first try that errs.
    ///
    /// # Cancellation
    /// Nothing stays held, and its place is free at once.
    pub async fn acquire_until(
        &self,
        keeper: &LeaseKeeper,
        request: &LeaseRequest,
        deadline: Instant,
    ) -> Result<Slot> {
        let (mut waiter, mut pauses) = (self.waiter(), Pauses::new(request, deadline));
        loop {
            let slot = keeper.acquire(request).await?;
            if slot.is_acquired() || !waiter.wait_until(pauses.next_try()).await {
                return Ok(slot);
            }
        }
    }

    /// As [`Waiters::acquire_until`], for whoever renews and releases the lease without a keeper.
    ///
    /// # Errors
    /// As [`SlotLimiter::acquire`], of the first try that errs.
    ///
    /// # Cancellation
    /// While it waits, nothing is held. Dropped while a try is under way, the lease may have been granted: release
    /// [`LeaseRequest::lease`], or let the TTL run out. With a [`LeaseKeeper`] there is nothing to do.
    pub async fn acquire_lease_until<L>(
        &self,
        slots: &L,
        request: &LeaseRequest,
        deadline: Instant,
    ) -> Result<Acquisition>
    where
        L: SlotLimiter + ?Sized,
    {
        let (mut waiter, mut pauses) = (self.waiter(), Pauses::new(request, deadline));
        loop {
            let acquisition = slots.acquire(request).await?;
            if acquisition.is_acquired() || !waiter.wait_until(pauses.next_try()).await {
                return Ok(acquisition);
            }
        }
    }

    fn waiter(&self) -> Waiter<'_> {
        Waiter { places: &self.places, place: None }
    }
}

/// A call that may have to wait, with its place once it has one.
struct Waiter<'a> {
    places: &'a Semaphore,
    place: Option<SemaphorePermit<'a>>,
}

impl Waiter<'_> {
    /// Waits for the next try. `false` at once: there is none, or no place to wait for it.
    async fn wait_until(&mut self, next_try: Option<Instant>) -> bool {
        let Some(at) = next_try else {
            return false;
        };
        if self.place.is_none() {
            self.place = self.places.try_acquire().ok();
        }
        if self.place.is_none() {
            return false;
        }
        sleep_until(at).await;
        true
    }
}

/// When to try a denied hit again. `None`: it can't be in time.
fn retry_at(retry: Retry, deadline: Instant) -> Option<Instant> {
    let wait = retry.after()?.max(SHORTEST_WAIT);
    let at = Instant::now().checked_add(wait).filter(|at| *at <= deadline)?;
    let jitter = (wait / 10).clamp(LEAST_JITTER, MOST_JITTER).mul_f64(fastrand::f64());
    Some((at + jitter).min(deadline))
}

/// When a slot is asked for again.
struct Pauses {
    pause: Duration,
    /// `None`: it is never granted.
    last: Option<Instant>,
}

impl Pauses {
    fn new(request: &LeaseRequest, deadline: Instant) -> Self {
        let fits = request.scopes().iter().all(|scope| request.permits() <= scope.cap());
        let last = if fits { deadline.checked_sub(LAST_CALL) } else { None };
        Self { pause: FIRST_PAUSE, last }
    }

    /// When the next try is to be made. `None`: none is left.
    fn next_try(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let last = self.last.filter(|last| now < *last)?;
        let pause = self.pause.mul_f64(1.0 - fastrand::f64() / 2.0);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Some(last.min(now + pause))
    }
}
