//! The public suite over a store that is well, in each choice of what to do when it isn't.

use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_layers::{Layer, WhenUnavailable, WhenUnavailableLayer};
use limiter_testkit::{Candidate, Model};

fn wrapped(choice: WhenUnavailable) -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    let layer = WhenUnavailableLayer::default()
        .with_rates(choice)
        .with_slots(choice)
        .with_quotas(choice)
        .with_fallback(Backend::new("fallback", Arc::new(Model::new(clock.clone()))));
    let store = Backend::new("model", Arc::new(Model::new(clock.clone())));
    Candidate::new(layer.wrap(store)).with_clock(clock)
}

mod refusing {
    use super::*;

    fn refusing() -> Candidate {
        wrapped(WhenUnavailable::Refuse)
    }

    limiter_testkit::suite!(refusing);
}

mod allowing {
    use super::*;

    fn allowing() -> Candidate {
        wrapped(WhenUnavailable::Allow)
    }

    limiter_testkit::suite!(allowing);
}

mod falling_back {
    use super::*;

    fn falling_back() -> Candidate {
        wrapped(WhenUnavailable::Fallback)
    }

    limiter_testkit::suite!(falling_back);
}
