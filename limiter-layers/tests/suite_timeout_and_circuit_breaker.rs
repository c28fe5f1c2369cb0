//! Whatever has a time and a circuit breaker around it keeps all promises that it kept without.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, ManualClock};
use limiter_layers::{CircuitBreakerLayer, Layer, TimeoutLayer};
use limiter_testkit::{Candidate, Model};

const TIMEOUT: TimeoutLayer = TimeoutLayer::new(Duration::from_secs(10));

fn model_in(layers: &[&dyn Layer]) -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    let model = Backend::new("model", Arc::new(Model::new(clock.clone())));
    let wrapped = layers.iter().fold(model, |backend, layer| layer.wrap(backend));
    Candidate::new(wrapped).with_clock(clock)
}

mod in_a_timeout {
    use super::*;

    fn model() -> Candidate {
        model_in(&[&TIMEOUT])
    }

    limiter_testkit::suite!(model);
}

mod in_a_circuit_breaker {
    use super::*;

    fn model() -> Candidate {
        model_in(&[&CircuitBreakerLayer::default()])
    }

    limiter_testkit::suite!(model);
}

mod in_both {
    use super::*;

    fn model() -> Candidate {
        model_in(&[&TIMEOUT, &CircuitBreakerLayer::default()])
    }

    limiter_testkit::suite!(model);
}
