//! Who watches the calls.

use std::sync::Arc;
use std::time::Instant;

use limiter_core::Result;
use tracing::{Instrument, Span};

use super::answer::Answer;
use super::meters::Meters;
use super::operation::Operation;
use super::span::{self, Traces};
use super::store::{Store, is_up};
use super::what::What;

/// What is told of one backend's calls, all three parts of it.
#[derive(Debug)]
pub(super) struct Watch {
    backend: Arc<str>,
    meters: Option<Meters>,
    traces: Option<Traces>,
    store: Store,
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Watched<'a> {
    watch: &'a Watch,
    operation: Operation,
    span: Span,
    started: Option<Instant>,
}

impl Watch {
    pub(super) fn new(backend: &str, metrics: bool, traces: bool, subjects: bool) -> Self {
        let backend: Arc<str> = backend.into();
        let meters = metrics.then(|| Meters::new(Arc::clone(&backend)));
        Self { backend, meters, traces: traces.then_some(Traces { subjects }), store: Store::default() }
    }

    /// The metrics, where they are told.
    pub(super) const fn meters(&self) -> Option<&Meters> {
        self.meters.as_ref()
    }

    /// A call begins.
    pub(super) fn begin(&self, operation: Operation, what: What<'_>) -> Watched<'_> {
        let span = self.open(operation, what);
        Watched { watch: self, operation, span, started: self.now() }
    }

    /// A call that may be answered at once. One that isn't will be made again, and is told then. So its span is opened
    /// when it has been answered.
    pub(super) fn at_once<T: Answer>(
        &self,
        operation: Operation,
        what: What<'_>,
        call: impl FnOnce() -> Option<Result<T>>,
    ) -> Option<Result<T>> {
        let started = self.now();
        let answer = call()?;
        Watched { watch: self, operation, span: self.open(operation, what), started }.end(&answer);
        Some(answer)
    }

    fn open(&self, operation: Operation, what: What<'_>) -> Span {
        self.traces.map_or_else(Span::none, |traces| traces.open(operation, &self.backend, what))
    }

    /// The time, if anybody is told how long a call takes.
    fn now(&self) -> Option<Instant> {
        self.meters.as_ref().map(|_| Instant::now())
    }

    fn learn<T: Answer>(&self, answer: &Result<T>) {
        let Some(up) = is_up(answer) else { return };
        self.store.learn(up, |known| {
            if let Some(meters) = &self.meters {
                meters.store_is(up);
            }
            match self.traces {
                Some(_) if !up => span::down(&self.backend, answer.as_ref().err()),
                Some(_) if known => span::up(&self.backend),
                _ => {}
            }
        });
    }
}

impl Watched<'_> {
    /// Makes the call, within its span, and tells what it came to.
    pub(super) async fn run<T: Answer>(self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let answer = call.instrument(self.span.clone()).await;
        self.end(&answer);
        answer
    }

    fn end<T: Answer>(self, answer: &Result<T>) {
        if let (Some(meters), Some(started)) = (&self.watch.meters, self.started) {
            meters.called(self.operation, started.elapsed());
            if let Err(error) = answer {
                meters.failed(self.operation, error.kind());
            }
        }
        self.watch.learn(answer);
        span::close(&self.span, answer);
    }
}
