//! The suite, over a store on a clock that is handed in, with as much taken in advance as can be.

use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_layers::{Layer, PrefetchLayer};
use limiter_testkit::{Candidate, Model};

fn prefetch() -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    let store = Backend::new("model", Arc::new(Model::new(clock.clone())));
    let backend = PrefetchLayer::default().with_share(1).with_clock(clock.clone()).wrap(store);
    Candidate::new(backend).with_clock(clock)
}

limiter_testkit::suite!(prefetch, early_refusals);
