//! What is observed keeps all promises; so do the parts that aren't in shadow mode.

use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_layers::{Layer, ObserveLayer, ShadowLayer};
use limiter_testkit::{Candidate, Model};

fn model_in(layer: &dyn Layer) -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    let model = Backend::new("model", Arc::new(Model::new(clock.clone())));
    Candidate::new(layer.wrap(model)).with_clock(clock)
}

mod observed {
    use super::*;

    fn model() -> Candidate {
        model_in(&ObserveLayer::default().with_metrics().with_traces().with_subjects())
    }

    limiter_testkit::suite!(model);
}

mod nothing_in_shadow {
    use super::*;

    fn model() -> Candidate {
        model_in(&ShadowLayer::default())
    }

    limiter_testkit::suite!(model);
}

mod all_but_rates_in_shadow {
    use super::*;

    fn rates() -> Candidate {
        model_in(&ShadowLayer::default().with_slots().with_quotas())
    }

    limiter_testkit::suite!(rates, rates);
}

mod all_but_slots_in_shadow {
    use super::*;

    fn slots() -> Candidate {
        model_in(&ShadowLayer::default().with_rates().with_quotas())
    }

    limiter_testkit::suite!(slots, slots);
}

mod all_but_quotas_in_shadow {
    use super::*;

    fn quotas() -> Candidate {
        model_in(&ShadowLayer::default().with_rates().with_slots())
    }

    limiter_testkit::suite!(quotas, quotas);
}
