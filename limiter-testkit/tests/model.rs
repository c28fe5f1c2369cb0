//! The reference keeps every promise.

use std::sync::Arc;

use limiter_core::{Backend, ManualClock, SystemClock};
use limiter_testkit::{Candidate, Model};

fn model() -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    Candidate::new(Backend::new("model", Arc::new(Model::new(clock.clone())))).with_clock(clock)
}

limiter_testkit::suite!(model);

mod in_real_time {
    use super::*;

    fn model() -> Candidate {
        Candidate::new(Backend::new("model", Arc::new(Model::new(SystemClock::default()))))
    }

    limiter_testkit::suite!(model, real_time);
}
