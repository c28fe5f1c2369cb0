//! The public suite: with time handed in, and by the process's own clock.

use std::sync::Arc;

use limiter_core::{Backend, Clock, ManualClock, SystemClock};
use limiter_memory::{Config, MemoryBackend};
use limiter_testkit::Candidate;

#[expect(clippy::unwrap_used, reason = "without a backend no test can run")]
fn memory_by(clock: Arc<dyn Clock>) -> Candidate {
    // Each input has keys of its own; run a hundred times as long, they are many.
    let config = Config::default().with_leases(10_000_000).with_quota_entries(10_000_000);
    let memory = MemoryBackend::with_clock(config, clock).unwrap();
    Candidate::new(Backend::new("memory", Arc::new(memory)))
}

fn memory() -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    memory_by(Arc::new(clock.clone())).with_clock(clock)
}

limiter_testkit::suite!(memory);

mod in_real_time {
    use super::*;

    fn memory() -> Candidate {
        memory_by(Arc::new(SystemClock::default()))
    }

    limiter_testkit::suite!(memory, real_time);
}
