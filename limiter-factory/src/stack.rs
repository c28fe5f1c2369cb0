//! Builds the stack: what stands between a service and its stores, in one fixed order.
//!
//! From outside: observe, shadow, prefetch, deny cache, when unavailable; then around each store circuit breaker and
//! timeout. Why in this order stands in `docs/layers.md`.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::Backend;
use limiter_layers::{
    CircuitBreakerLayer, DenyCacheLayer, Layer, ObserveLayer, PrefetchLayer, ShadowLayer, TimeoutLayer,
    WhenUnavailable, WhenUnavailableLayer,
};

use crate::by_part::Instead;
use crate::layer_settings::{
    BREAKER_FAILURES, DENY_CACHE, LayerSettings, METRICS, OWN_TIMEOUT, PREFETCH, SHADOW, TIMEOUT_MS, TRACES,
    UNSENT, WHEN_UNAVAILABLE,
};
use crate::part::Part;
use crate::plan::{Idle, Store};
use crate::rooms::Rooms;
use crate::told::Told;

/// A store that has started.
pub(crate) struct Started {
    pub(crate) store: Store,
    pub(crate) backend: Backend,
}

/// The layers around the stores, of which the first counts the rates, and what a person is told of it.
pub(crate) fn stack(
    started: Vec<Started>,
    fallback: Option<Backend>,
    settings: &LayerSettings,
    idle: Idle,
) -> (Backend, Told) {
    let stores: Vec<_> = started.iter().map(|started| &started.store).collect();
    let mut told = Told::new(&stores, idle);
    let mut layers = Layers { settings, told: &mut told };
    let stores: Vec<_> = started.into_iter().map(|started| layers.around_store(started)).collect();
    let names = store_names(&stores);
    let backend = layers.around_all(together(stores), fallback, names.each_ref().map(String::as_str));
    (backend, told)
}

/// Puts layers around, the innermost first, and notes each.
struct Layers<'a> {
    settings: &'a LayerSettings,
    told: &'a mut Told,
}

impl Layers<'_> {
    /// What guards one store: each for itself, so that one that is down takes no other along.
    fn around_store(&mut self, started: Started) -> Started {
        let Started { store, mut backend } = started;
        if let Some((limit, why)) = self.timeout(&store, &backend) {
            backend = self.put(&TimeoutLayer::new(limit), backend, "timeout", why);
        }
        if self.settings.breaker_failures > 0 {
            let mut breaker = CircuitBreakerLayer::default().with_failures(self.settings.breaker_failures);
            if let Some(open) = self.settings.breaker_open_ms {
                breaker = breaker.with_open_for(Duration::from_millis(open));
            }
            backend = self.put(&breaker, backend, "circuit breaker", BREAKER_FAILURES);
        }
        Started { store, backend }
    }

    /// How long a call may take, and who says so. The stores of this package have times of their own.
    fn timeout(&self, store: &Store, backend: &Backend) -> Option<(Duration, &'static str)> {
        match self.settings.timeout_ms {
            Some(0) => None,
            Some(limit) => Some((Duration::from_millis(limit), TIMEOUT_MS)),
            None if !store.is_own || backend.control.capabilities().immediate => None,
            None => Some((OWN_TIMEOUT, "unless LIMITER_TIMEOUT_MS says otherwise")),
        }
    }

    /// What stands around the parts of all stores, which are called so.
    fn around_all(&mut self, mut backend: Backend, fallback: Option<Backend>, names: [&str; 3]) -> Backend {
        let settings = self.settings;
        if let Some(why) = self.when_unavailable(&backend) {
            backend = self.put(&when_unavailable(settings, fallback), backend, "when unavailable", why);
        }
        if settings.deny_cache > 0 {
            backend = self.put(&deny_cache(settings), backend, "deny cache", DENY_CACHE);
        }
        if settings.prefetch > 0 {
            let prefetch = PrefetchLayer::default().with_most(settings.prefetch);
            backend = self.put(&prefetch, backend, "prefetch", PREFETCH);
        }
        if settings.shadow.each().iter().any(|(_, shadowed)| *shadowed) {
            backend = self.put(&shadow(settings), backend, "shadow", SHADOW);
        }
        if settings.metrics || settings.traces {
            let why = if settings.metrics { METRICS } else { TRACES };
            self.told.add_layer("observe", why);
            backend = observe(settings).wrap_stores(backend, names);
        }
        backend
    }

    /// Why there is something to do while a store is down: what it couldn't be told waits unless there is no place for it.
    fn when_unavailable(&self, backend: &Backend) -> Option<&'static str> {
        let insteads = self.settings.when_unavailable.each();
        if insteads.iter().any(|(_, instead)| *instead != Instead::Refuse) {
            return Some(WHEN_UNAVAILABLE);
        }
        match self.settings.unsent {
            Some(0) => None,
            Some(_) => Some(UNSENT),
            None if backend.control.capabilities().immediate => None,
            None => Some("unless LIMITER_UNSENT=0"),
        }
    }

    fn put(&mut self, layer: &dyn Layer, backend: Backend, name: &str, why: &str) -> Backend {
        self.told.add_layer(name, why);
        layer.wrap(backend)
    }
}

fn when_unavailable(settings: &LayerSettings, fallback: Option<Backend>) -> WhenUnavailableLayer {
    let chosen = |instead| match instead {
        Instead::Refuse => WhenUnavailable::Refuse,
        Instead::Allow => WhenUnavailable::Allow,
        Instead::Memory => WhenUnavailable::Fallback,
    };
    let insteads = settings.when_unavailable;
    let mut layer = WhenUnavailableLayer::default()
        .with_rates(chosen(insteads.rates))
        .with_slots(chosen(insteads.slots))
        .with_quotas(chosen(insteads.quotas));
    if let Some(unsent) = settings.unsent {
        layer = layer.with_queue(unsent);
    }
    match fallback {
        Some(fallback) => layer.with_fallback(fallback),
        None => layer,
    }
}

/// Where permits are prefetched, every instance gives some back now and then, of which this one hears nothing.
fn deny_cache(settings: &LayerSettings) -> DenyCacheLayer {
    let layer = DenyCacheLayer::new(settings.deny_cache);
    if settings.prefetch > 0 { layer.with_longest(Duration::from_secs(1)) } else { layer }
}

fn shadow(settings: &LayerSettings) -> ShadowLayer {
    settings.shadow.each().into_iter().filter(|(_, shadowed)| *shadowed).fold(
        ShadowLayer::default(),
        |layer, (part, _)| match part {
            Part::Rates => layer.with_rates(),
            Part::Slots => layer.with_slots(),
            Part::Quotas => layer.with_quotas(),
        },
    )
}

fn observe(settings: &LayerSettings) -> ObserveLayer {
    let mut layer = ObserveLayer::default();
    if settings.metrics {
        layer = layer.with_metrics();
    }
    if settings.traces {
        layer = layer.with_traces();
    }
    if settings.trace_subjects { layer.with_subjects() } else { layer }
}

/// What the store of each part is called in metrics and traces. Of two stores in one kind of backend the second is told
/// apart by what it counts.
fn store_names(stores: &[Started]) -> [String; 3] {
    let mut names = Part::ALL.map(|_| String::new());
    let mut taken = Vec::new();
    for Started { store, .. } in stores {
        let backend = store.build.registration.name();
        let name = if taken.contains(&backend) {
            format!("{backend} ({})", Part::in_words(&store.parts))
        } else {
            backend.to_owned()
        };
        taken.push(backend);
        for part in &store.parts {
            names[*part as usize].clone_from(&name);
        }
    }
    names
}

/// One backend of the parts of all stores, called as that of the rates.
fn together(stores: Vec<Started>) -> Backend {
    let rooms = stores
        .iter()
        .map(|started| (Part::in_words(&started.store.parts), Arc::clone(&started.backend.control)));
    let rooms: Vec<_> = rooms.collect();
    let mut stores = stores.into_iter();
    let Some(first) = stores.next() else { unreachable!("rates are always counted somewhere") };
    let mut whole = first.backend;
    for Started { store, backend } in stores {
        for part in store.parts {
            match part {
                Part::Rates => whole.rates = Arc::clone(&backend.rates),
                Part::Slots => whole.slots = Arc::clone(&backend.slots),
                Part::Quotas => whole.quotas = Arc::clone(&backend.quotas),
            }
        }
    }
    if rooms.len() > 1 {
        whole.control = Arc::new(Rooms::new(rooms));
    }
    whole
}
