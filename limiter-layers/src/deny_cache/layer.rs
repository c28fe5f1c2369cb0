//! What makes a [`DenyCache`].

use std::sync::Arc;

use limiter_core::{Backend, Clock};

use super::cache::DenyCache;
use super::denials::Denials;
use crate::layer::{Around, Layer};

/// Remembers denials in this process until they end, so that a caller who keeps knocking costs the store nothing.
///
/// Slots and quotas pass through. See [`DenyCache`] for what is remembered, and for how long.
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
    clock: Option<Arc<dyn Clock>>,
}

impl DenyCacheLayer {
    /// A cache of the denials of up to `entries` counters, about 250 bytes each. 0 remembers nothing.
    pub const fn new(entries: u64) -> Self {
        Self { entries, clock: None }
    }

    /// The same by a clock that is handed in: for tests and for replaying traces. Without one, the process's
    /// monotonic clock counts.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// One limiter with a cache of its own.
    pub fn around<L>(&self, inner: L) -> DenyCache<L> {
        DenyCache::new(inner, Denials::new(self.entries, self.clock.clone()))
    }
}

impl Layer for DenyCacheLayer {
    fn wrap(&self, mut backend: Backend) -> Backend {
        backend.control = Arc::new(Around::new(
            backend.control,
            format!("denials of up to {} counters cached", self.entries),
        ));
        let rates = self.around(Arc::clone(&backend.rates));
        backend.with_rates(Arc::new(rates))
    }
}
