//! A backend that is to be proven.

use std::fmt;
use std::future::{Future, IntoFuture, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use limiter_core::{Backend, Capabilities, ManualClock, QuotaTracker, RateLimiter, SlotLimiter};

use crate::absent::Absent;

type Restart = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Backend> + Send>> + Send + Sync>;

/// A backend that is to be proven, and what the suite needs to prove it.
///
/// The function that [`suite!`](crate::suite!) is given makes one for each test, over an empty store: a database,
/// schema or prefix of its own will do. It may be `async`.
///
/// Where the counts are shared, the suite also runs copies of the test program. There the same function is called, and
/// is to make a client of the store that [`processes::store`](crate::processes::store) names. If time is handed in, it
/// must reach every client: either the store keeps the clock, or a client sends its clock's time with each call. For
/// the latter, the suite sets the clock of the candidate that a copy has made to the time of the test before each piece
/// of work; while copies work, time stands still.
///
/// ```
/// use std::sync::Arc;
/// use limiter_core::{Backend, ManualClock};
/// use limiter_testkit::{Candidate, Model};
///
/// fn model() -> Candidate {
///     let clock = ManualClock::new(1_700_000_000_000);
///     Candidate::new(Backend::new("model", Arc::new(Model::new(clock.clone())))).with_clock(clock)
/// }
/// assert!(model().capabilities().atomic_keys);
/// ```
#[derive(Clone)]
pub struct Candidate {
    backend: Backend,
    clock: Option<ManualClock>,
    partition: Option<String>,
    other_client: Option<Backend>,
    store: Option<String>,
    copies: Option<String>,
    restart: Option<Restart>,
    part: Option<&'static str>,
}

impl Candidate {
    /// A backend on the clock of its store.
    pub fn new(backend: Backend) -> Self {
        Self {
            backend,
            clock: None,
            partition: None,
            other_client: None,
            store: None,
            copies: None,
            restart: None,
            part: None,
        }
    }

    /// Rates alone, with what they can do: for `suite!(…, rates)`.
    pub fn of_rates(rates: impl RateLimiter, can: Capabilities) -> Self {
        Self { part: Some("rates"), ..Self::new(absent(can).with_rates(Arc::new(rates))) }
    }

    /// Slots alone, with what they can do: for `suite!(…, slots)`.
    pub fn of_slots(slots: impl SlotLimiter, can: Capabilities) -> Self {
        Self { part: Some("slots"), ..Self::new(absent(can).with_slots(Arc::new(slots))) }
    }

    /// Quotas alone, with what they can do: for `suite!(…, quotas)`.
    pub fn of_quotas(quotas: impl QuotaTracker, can: Capabilities) -> Self {
        Self { part: Some("quotas"), ..Self::new(absent(can).with_quotas(Arc::new(quotas))) }
    }

    /// A clone of the very clock that the backend was handed (another makes right answers look wrong): the suite moves it, and holds every answer to the millisecond.
    /// Without one the suite waits, and is stamped with `real_time`.
    #[must_use]
    pub fn with_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Puts every key of the suite into one partition: for a store which is atomic over several keys only there.
    #[must_use]
    pub fn with_partition(mut self, partition: impl Into<String>) -> Self {
        self.partition = Some(partition.into());
        self
    }

    /// A second client of the same store, as another process would have it. Needed where the counts are shared.
    #[must_use]
    pub fn with_other_client(mut self, other: Backend) -> Self {
        self.other_client = Some(other);
        self
    }

    /// Where the store is: an address, a path, or whatever else a copy of the test program needs to reach it. There
    /// [`processes::store`](crate::processes::store) gives it back. Needed where the counts are shared.
    #[must_use]
    pub fn with_store(mut self, store: impl Into<String>) -> Self {
        self.store = Some(store.into());
        self
    }

    /// Which test copies of the test program run, by its path without the crate's name: for a test that calls such a
    /// case itself and begins with [`processes::take_part`](crate::processes::take_part). The tests that
    /// [`suite!`](crate::suite!) stamps name themselves.
    #[must_use]
    pub fn with_copies(mut self, test: impl Into<String>) -> Self {
        self.copies = Some(test.into());
        self
    }

    /// How to end the store as a crash does, start it again and connect anew. Needed where counts are durable.
    #[must_use]
    pub fn with_restart<F, R>(mut self, restart: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Backend> + Send + 'static,
    {
        self.restart = Some(Arc::new(move || Box::pin(restart())));
        self
    }

    /// The backend.
    pub const fn backend(&self) -> &Backend {
        &self.backend
    }

    /// What the backend says that it can do.
    pub fn capabilities(&self) -> Capabilities {
        self.backend.control.capabilities()
    }

    /// The one part that it has; `None` when it is a whole backend.
    pub(crate) const fn part(&self) -> Option<&'static str> {
        self.part
    }

    /// The clock that it was handed.
    pub const fn clock(&self) -> Option<&ManualClock> {
        self.clock.as_ref()
    }

    /// The partition of every key of the suite.
    pub fn partition(&self) -> Option<&str> {
        self.partition.as_deref()
    }

    /// The second client.
    pub const fn other_client(&self) -> Option<&Backend> {
        self.other_client.as_ref()
    }

    /// Where the store is.
    pub fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// Which test copies of the test program run.
    pub fn copies(&self) -> Option<&str> {
        self.copies.as_deref()
    }

    /// Ends the store as a crash does and starts it again; `None` when the candidate doesn't know how.
    pub async fn restarted(&self) -> Option<Backend> {
        match &self.restart {
            Some(restart) => Some(restart().await),
            None => None,
        }
    }
}

fn absent(can: Capabilities) -> Backend {
    Backend::new("part", Arc::new(Absent(can)))
}

/// So that the function that makes one may be `async` or not.
impl IntoFuture for Candidate {
    type Output = Self;
    type IntoFuture = Ready<Self>;

    fn into_future(self) -> Ready<Self> {
        ready(self)
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("backend", &self.backend.name)
            .field("clock", &self.clock)
            .field("partition", &self.partition)
            .finish_non_exhaustive()
    }
}
