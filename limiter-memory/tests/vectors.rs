//! The packaged traces on the memory backend.

use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_memory::{Config, MemoryBackend};
use limiter_testkit::replay::{Report, Trace, packaged};

#[tokio::test]
async fn memory_answers_every_trace_as_it_wants() {
    let (mut report, mut calls) = (Report::default(), 0);
    for (name, text) in packaged() {
        let clock = ManualClock::default();
        let memory = MemoryBackend::with_clock(Config::default(), Arc::new(clock.clone())).unwrap();
        let trace = Trace::parse(name, text).unwrap();
        calls += trace.calls();
        report.add(trace.run(&Backend::new("memory", Arc::new(memory)), &clock).await);
    }
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.passed, calls);
}
