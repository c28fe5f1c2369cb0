//! The public suite over stores of several kinds.

use std::sync::Arc;

use limiter_core::{Backend, CasBackend, CasStore, Control, ManualClock};
use limiter_testkit::Candidate;

use crate::map::MapStore;

fn over<S: CasStore + Control>(make: impl FnOnce(ManualClock) -> S) -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    let backend = CasBackend::new(make(clock.clone()));
    Candidate::new(Backend::new("cas", Arc::new(backend))).with_clock(clock)
}

fn several_writes() -> Candidate {
    over(MapStore::new)
}

fn one_write() -> Candidate {
    over(|clock| MapStore::new(clock).of_one_write())
}

mod of_several_writes {
    use super::several_writes;

    limiter_testkit::suite!(several_writes);
}

mod of_one_write {
    use super::one_write;

    limiter_testkit::suite!(one_write, keys_apart);
}
