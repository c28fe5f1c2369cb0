//! What makes an [`Observe`].

use std::sync::Arc;

use limiter_core::Backend;

use super::observed::Observe;
use super::watch::Watch;
use crate::layer::{Around, Layer};

/// Tells what a backend is asked and answers: in metrics, through the [`metrics`] facade, and in traces, through
/// [`tracing`]. By default neither is told, and the backend stays as it is.
///
/// See [`Observe`] for what is told.
///
/// ```
/// use limiter_core::Backend;
/// use limiter_layers::{Layer, ObserveLayer};
/// # use std::sync::Arc;
/// # let store = Backend::new("memory", Arc::new(limiter_memory::MemoryBackend::new(Default::default())?));
///
/// // Install a recorder and a subscriber first.
/// let backend: Backend = ObserveLayer::default().with_metrics().with_traces().wrap(store);
/// assert!(backend.control.describe().ends_with("observed by metrics and traces"));
/// # Ok::<(), limiter_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ObserveLayer {
    metrics: bool,
    traces: bool,
    subjects: bool,
}

impl ObserveLayer {
    /// The same, with metrics. Install the recorder before the first call: what is called earlier binds its metrics
    /// to the one that is there then, or to none.
    #[must_use]
    pub const fn with_metrics(mut self) -> Self {
        self.metrics = true;
        self
    }

    /// The same, with traces.
    #[must_use]
    pub const fn with_traces(mut self) -> Self {
        self.traces = true;
        self
    }

    /// The same, with the subjects of keys in the traces, where these are on. They may name or locate people: for
    /// finding a fault, not for every day. Metrics never have them.
    #[must_use]
    pub const fn with_subjects(mut self) -> Self {
        self.subjects = true;
        self
    }

    /// One limiter, observed under the name of its backend.
    pub fn around<L>(&self, backend: &str, inner: L) -> Observe<L> {
        Observe::new(inner, Arc::new(self.watch(backend)))
    }

    fn watch(self, backend: &str) -> Watch {
        Watch::new(backend, self.metrics, self.traces, self.subjects)
    }

    const fn words(self) -> &'static str {
        match (self.metrics, self.traces, self.subjects) {
            (true, true, false) => "observed by metrics and traces",
            (true, true, true) => "observed by metrics, and traces with subjects",
            (false, true, false) => "observed by traces",
            (false, true, true) => "observed by traces with subjects",
            (_, false, _) => "observed by metrics",
        }
    }
}

impl Layer for ObserveLayer {
    fn wrap(&self, mut backend: Backend) -> Backend {
        if !self.metrics && !self.traces {
            return backend;
        }
        let watch = Arc::new(self.watch(&backend.name));
        let control = Around::new(backend.control, self.words());
        backend.control = Arc::new(Observe::new(control, Arc::clone(&watch)));
        backend.rates = Arc::new(Observe::new(backend.rates, Arc::clone(&watch)));
        backend.slots = Arc::new(Observe::new(backend.slots, Arc::clone(&watch)));
        backend.quotas = Arc::new(Observe::new(backend.quotas, watch));
        backend
    }
}
