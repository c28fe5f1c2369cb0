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

/// What is told of the calls on one store, whichever parts of a backend live in it.
#[derive(Debug)]
pub(super) struct Watch {
    backend: Arc<str>,
    meters: Option<Meters>,
    traces: Option<Traces>,
    /// `None` where a call asks several.
    store: Option<Store>,
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Watched<'a> {
    watch: &'a Watch,
    operation: Operation,
    span: Span,
    started: Option<Instant>,
    asks_store: bool,
}

impl Watch {
    pub(super) fn new(backend: &str, metrics: bool, traces: bool, subjects: bool) -> Self {
        let backend: Arc<str> = backend.into();
        let meters = metrics.then(|| Meters::new(Arc::clone(&backend)));
        let traces = traces.then_some(Traces { subjects });
        Self { backend, meters, traces, store: Some(Store::default()) }
    }

    /// The same for calls that ask several stores at once, and so tell of none whether it is up.
    pub(super) fn of_several(self) -> Self {
        Self { store: None, ..self }
    }

    /// The metrics, where they are told.
    pub(super) const fn meters(&self) -> Option<&Meters> {
        self.meters.as_ref()
    }

    /// A call begins.
    pub(super) fn begin(&self, operation: Operation, what: What<'_>) -> Watched<'_> {
        let span = self.open(operation, what);
        Watched { watch: self, operation, span, started: self.now(), asks_store: what.asks_store() }
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
        let (span, asks_store) = (self.open(operation, what), what.asks_store());
        Watched { watch: self, operation, span, started, asks_store }.end(&answer);
        Some(answer)
    }

    fn open(&self, operation: Operation, what: What<'_>) -> Span {
        self.traces.map_or_else(Span::none, |traces| traces.open(operation, &self.backend, what))
    }

    /// The time, if anybody is told how long a call takes.
    fn now(&self) -> Option<Instant> {
        self.meters.as_ref().map(|_| Instant::now())
    }

    fn learn<T: Answer>(&self, operation: Operation, answer: &Result<T>) {
        let (Some(store), Some(up)) = (&self.store, is_up(operation, answer)) else { return };
        store.learn(up, |known| {
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
        if self.asks_store {
            self.watch.learn(self.operation, answer);
        }
        span::close(&self.span, answer);
    }
}
