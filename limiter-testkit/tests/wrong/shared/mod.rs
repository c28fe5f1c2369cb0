//! Wrong clients: two of one store, of which the second has a fault.

mod clock;
mod quotas;
mod rates;
mod slots;

use std::sync::Arc;

use limiter_core::{Backend, Capabilities, Clock, ManualClock};
use limiter_testkit::{Candidate, Model};

use crate::judge::START_MS;
use crate::told::Told;

/// Two clients of one store. The second is what is made of the first.
fn two(make_other: impl FnOnce(Backend, Arc<Model>) -> Backend) -> Candidate {
    let clock = ManualClock::new(START_MS);
    two_by(clock.clone(), clock, make_other)
}

/// The same over a store whose clock is made from the one that is handed in.
fn two_by(
    clock: ManualClock,
    store_clock: impl Clock,
    make_other: impl FnOnce(Backend, Arc<Model>) -> Backend,
) -> Candidate {
    let model = Arc::new(Model::new(store_clock));
    let mut first = Backend::new("wrong", model.clone());
    first.control = Arc::new(Told(Capabilities::NONE.with_atomic_keys().with_shared()));
    let other = make_other(first.clone(), model);
    Candidate::new(first).with_clock(clock).with_other_client(other)
}
