//! Where the counts live, as data.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::error::Result;
use crate::rate::RateLimiter;
use crate::slot::SlotLimiter;
use crate::tracker::QuotaTracker;

/// A backend: its name, its three limiters, and what controls it. Any part may be replaced.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Backend {
    /// What `RATE_LIMITER` calls it.
    pub name: String,
    /// Rates.
    pub rates: Arc<dyn RateLimiter>,
    /// Slots.
    pub slots: Arc<dyn SlotLimiter>,
    /// Quotas.
    pub quotas: Arc<dyn QuotaTracker>,
    /// Is it there, what is it, what can it do, and the end.
    pub control: Arc<dyn Control>,
}

impl Backend {
    /// A backend of which one value does everything.
    pub fn new<B>(name: impl Into<String>, backend: Arc<B>) -> Self
    where
        B: RateLimiter + SlotLimiter + QuotaTracker + Control,
    {
        Self {
            name: name.into(),
            rates: backend.clone(),
            slots: backend.clone(),
            quotas: backend.clone(),
            control: backend,
        }
    }

    /// A backend of several values.
    pub fn from_parts(
        name: impl Into<String>,
        rates: Arc<dyn RateLimiter>,
        slots: Arc<dyn SlotLimiter>,
        quotas: Arc<dyn QuotaTracker>,
        control: Arc<dyn Control>,
    ) -> Self {
        Self { name: name.into(), rates, slots, quotas, control }
    }

    /// The same backend with its rates elsewhere.
    #[must_use]
    pub fn with_rates(mut self, rates: Arc<dyn RateLimiter>) -> Self {
        self.rates = rates;
        self
    }

    /// The same backend with its slots elsewhere.
    #[must_use]
    pub fn with_slots(mut self, slots: Arc<dyn SlotLimiter>) -> Self {
        self.slots = slots;
        self
    }

    /// The same backend with its quotas elsewhere.
    #[must_use]
    pub fn with_quotas(mut self, quotas: Arc<dyn QuotaTracker>) -> Self {
        self.quotas = quotas;
        self
    }
}

/// What a backend is asked apart from limiting.
#[async_trait]
pub trait Control: Debug + Send + Sync + 'static {
    /// Whether the store answers.
    ///
    /// # Errors
    /// Why it doesn't, by kind.
    async fn ping(&self) -> Result<()>;

    /// Ends what the backend runs by itself. Calls that are under way end; later ones may err with
    /// [`Unavailable`](crate::ErrorKind::Unavailable). A second time does nothing.
    ///
    /// # Errors
    /// What couldn't be ended cleanly.
    async fn shutdown(&self) -> Result<()>;

    /// What it is and how it is set, in words for a log. No secrets.
    fn describe(&self) -> String;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;
}

/// What a backend can do: what its users may rely on and its tests must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named where it is set")]
pub struct Capabilities {
    /// A call over several keys is atomic.
    pub atomic_keys: bool,
    /// Counts outlive the process.
    pub durable: bool,
    /// Several processes share the counts.
    pub shared: bool,
    /// Hits are answered at once: [`RateLimiter::hit_now`] never tells `None`.
    pub immediate: bool,
    /// A hit may be refused although it fits, because permits of its limit are held somewhere for hits to come. What is
    /// told of `remaining` and `reset_after` is a bound then. Nobody is admitted beyond the limit.
    pub early_refusals: bool,
}

impl Capabilities {
    /// The least: one process, nothing durable, each key by itself.
    pub const NONE: Self =
        Self { atomic_keys: false, durable: false, shared: false, immediate: false, early_refusals: false };

    /// The same, with calls over several keys atomic.
    #[must_use]
    pub const fn with_atomic_keys(mut self) -> Self {
        self.atomic_keys = true;
        self
    }

    /// The same, with counts that outlive the process.
    #[must_use]
    pub const fn with_durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// The same, with counts that several processes share.
    #[must_use]
    pub const fn with_shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// The same, answering hits at once.
    #[must_use]
    pub const fn with_immediate(mut self) -> Self {
        self.immediate = true;
        self
    }

    /// The same, refusing some hits early: see [`Capabilities::early_refusals`].
    #[must_use]
    pub const fn with_early_refusals(mut self) -> Self {
        self.early_refusals = true;
        self
    }
}
