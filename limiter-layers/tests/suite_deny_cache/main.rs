//! A backend with a cache of denials keeps all its promises. What the cache answers is held against the store.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod compared;

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, Clock, ManualClock, SystemClock};
use limiter_layers::{DenyCacheLayer, Layer};
use limiter_memory::{Config, MemoryBackend};
use limiter_testkit::{Candidate, Model};

use compared::Compared;

fn cached(store: Backend, clock: impl Clock + Clone, slack: Duration) -> Candidate {
    let layer = DenyCacheLayer::new(10_000).with_clock(clock.clone());
    let cache = layer.around(Arc::clone(&store.rates));
    let compared = Compared::new(cache, Arc::clone(&store.rates), Arc::new(clock), slack);
    Candidate::new(layer.wrap(store).with_rates(Arc::new(compared)))
}

mod over_the_model {
    use super::*;

    fn model() -> Candidate {
        let clock = ManualClock::new(1_700_000_000_000);
        let model = Backend::new("model", Arc::new(Model::new(clock.clone())));
        cached(model, clock.clone(), Duration::ZERO).with_clock(clock)
    }

    limiter_testkit::suite!(model);
}

mod over_memory_in_real_time {
    use super::*;

    fn memory() -> Candidate {
        let clock = SystemClock::default();
        let memory = MemoryBackend::with_clock(Config::default(), Arc::new(clock)).unwrap();
        cached(Backend::new("memory", Arc::new(memory)), clock, Duration::from_secs(1))
    }

    limiter_testkit::suite!(memory, real_time);
}
