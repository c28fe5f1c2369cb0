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

    /// A backend whose parts live in several stores, each observed under the name of its own: those of rates, slots
    /// and quotas. Parts of one name are of one store, and whether it is up is told of it alone.
    ///
    /// A ping asks all stores at once. It is told under all their names, and tells of none whether it is up.
    pub fn wrap_stores(&self, mut backend: Backend, stores: [&str; 3]) -> Backend {
        if !self.metrics && !self.traces {
            return backend;
        }
        let mut watches: Vec<(&str, Arc<Watch>)> = Vec::new();
        let [rates, slots, quotas] = stores.map(|store| self.watch_of(store, &mut watches));
        let control = Around::new(backend.control, self.words());
        backend.control = Arc::new(Observe::new(control, self.watch_of_all(&watches)));
        backend.rates = Arc::new(Observe::new(backend.rates, rates));
        backend.slots = Arc::new(Observe::new(backend.slots, slots));
        backend.quotas = Arc::new(Observe::new(backend.quotas, quotas));
        backend
    }

    /// The watch of a store, made for the first of its parts.
    fn watch_of<'a>(self, store: &'a str, watches: &mut Vec<(&'a str, Arc<Watch>)>) -> Arc<Watch> {
        if let Some((_, watch)) = watches.iter().find(|(name, _)| *name == store) {
            return Arc::clone(watch);
        }
        let watch = Arc::new(self.watch(store));
        watches.push((store, Arc::clone(&watch)));
        watch
    }

    /// The watch of what asks all stores.
    fn watch_of_all(self, watches: &[(&str, Arc<Watch>)]) -> Arc<Watch> {
        if let [(_, only)] = watches {
            return Arc::clone(only);
        }
        let names: Vec<_> = watches.iter().map(|(name, _)| *name).collect();
        Arc::new(self.watch(&names.join(", ")).of_several())
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
    fn wrap(&self, backend: Backend) -> Backend {
        let name = backend.name.clone();
        self.wrap_stores(backend, [&name; 3])
    }
}
