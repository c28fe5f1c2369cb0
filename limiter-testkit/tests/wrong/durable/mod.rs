//! Wrong durable stores: each loses one thing when it ends.

mod quotas;
mod slots;

use std::sync::Arc;

use limiter_core::{Backend, Capabilities, ManualClock};
use limiter_testkit::{Candidate, Model};

use crate::judge::{START_MS, caught_by};
use crate::told::Told;

/// A store that after a restart is what is made of it.
fn restarted_as(
    after: impl Fn(Backend, Arc<Model>, ManualClock) -> Backend + Clone + Send + Sync + 'static,
) -> Candidate {
    let clock = ManualClock::new(START_MS);
    let model = Arc::new(Model::new(clock.clone()));
    let mut backend = Backend::new("wrong", model.clone());
    backend.control = Arc::new(Told(Capabilities::NONE.with_atomic_keys().with_durable()));
    let (before, by) = (backend.clone(), clock.clone());
    let restart = move || {
        let restarted = after(before.clone(), model.clone(), by.clone());
        async { restarted }
    };
    Candidate::new(backend).with_clock(clock).with_restart(restart)
}

/// Keeps counts in memory alone.
#[test]
fn counts_forgotten() {
    caught_by("durable::a_restart_keeps_counts", || {
        restarted_as(|before, _, clock| before.with_rates(Arc::new(Model::new(clock))))
    });
}

/// Keeps leases in memory alone.
#[test]
fn leases_forgotten() {
    caught_by("durable::a_restart_keeps_leases", || {
        restarted_as(|before, _, clock| before.with_slots(Arc::new(Model::new(clock))))
    });
}
