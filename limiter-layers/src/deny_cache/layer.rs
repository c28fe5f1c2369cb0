//! What makes a [`DenyCache`].

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, Capabilities, Clock};

use super::cache::DenyCache;
use super::denials::Denials;
use crate::layer::{Around, Layer};

/// Longer than a moment, for which a store may count what it gives back.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Remembers denials in this process until they end, so that a caller who keeps knocking costs the store nothing.
///
/// Slots and quotas pass through. Around a backend that may deny for a moment what fits, because a call over several keys
/// isn't one step there or because permits are held in advance, no denial is answered from here for longer than a second.
/// See [`DenyCache`] for what is remembered, and for how long.
///
/// ```
/// use limiter_core::{Backend, SystemClock};
/// use limiter_layers::{DenyCacheLayer, Layer};
/// # use std::sync::Arc;
/// # let store = Backend::new("memory", Arc::new(limiter_memory::MemoryBackend::new(Default::default())?));
///
/// let backend: Backend = DenyCacheLayer::new(100_000).wrap(store);
/// assert!(backend.control.describe().ends_with("denials of up to 100000 counters cached"));
/// # Ok::<(), limiter_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DenyCacheLayer {
    entries: u64,
    longest: Duration,
    clock: Option<Arc<dyn Clock>>,
}

impl DenyCacheLayer {
    /// A cache of the denials of up to `entries` counters, about 250 bytes each. 0 remembers nothing.
    pub const fn new(entries: u64) -> Self {
        Self { entries, longest: Duration::MAX, clock: None }
    }

    /// No denial is answered from the cache for longer than this, whatever the store told: for stores on which somebody
    /// else gives back what was charged, and this cache doesn't see it. Without it, a denial stays until its wait is over.
    #[must_use]
    pub const fn with_longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// The same by a clock that is handed in: for tests and for replaying traces. Without one, the clocks of
    /// this machine count.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// One limiter with a cache of its own.
    pub fn around<L>(&self, inner: L) -> DenyCache<L> {
        DenyCache::new(inner, Denials::new(self.entries, self.longest, self.clock.clone()))
    }

    fn words(&self) -> String {
        let Self { entries, longest, .. } = self;
        let cached = format!("denials of up to {entries} counters cached");
        if *longest == Duration::MAX { cached } else { format!("{cached} for up to {longest:?}") }
    }
}

impl Layer for DenyCacheLayer {
    fn wrap(&self, mut backend: Backend) -> Backend {
        let mut layer = self.clone();
        if denies_for_a_moment(backend.control.capabilities()) {
            layer.longest = layer.longest.min(A_MOMENT);
        }
        backend.control = Arc::new(Around::new(backend.control, layer.words()));
        let rates = layer.around(Arc::clone(&backend.rates));
        backend.with_rates(Arc::new(rates))
    }
}

/// Whether others are denied for what is charged and given back in the backend itself, where the cache doesn't see it.
const fn denies_for_a_moment(can: Capabilities) -> bool {
    !can.atomic_keys || can.early_refusals
}
