//! The spans of calls.

use limiter_core::{Error, Key, Result};
use tracing::field::{Empty, debug, display};
use tracing::{Span, debug, debug_span, info, warn};

use super::answer::{Answer, kind_name, source_name};
use super::operation::Operation;
use super::what::What;

/// How calls are traced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traces {
    /// Whether subjects are told.
    pub(super) subjects: bool,
}

macro_rules! span {
    ($name:literal, $backend:ident, $what:ident) => {
        debug_span!(
            $name,
            backend = $backend,
            space = $what.key().map(Key::space),
            limit = $what.bound().map(display),
            units = $what.units(),
            lines = $what.lines(),
            subjects = Empty,
            outcome = Empty,
            source = Empty,
            retry_after = Empty,
        )
    };
}

impl Traces {
    /// The span of a call.
    pub(super) fn open(self, operation: Operation, backend: &str, what: What<'_>) -> Span {
        let span = named(operation, backend, what);
        if self.subjects && !span.is_disabled() {
            let subjects: Vec<_> = what.keys().iter().map(|key| key.subject()).collect();
            span.record("subjects", debug(&subjects));
        }
        span
    }
}

/// Tells what the call came to.
pub(super) fn close<T: Answer>(span: &Span, answer: &Result<T>) {
    if span.is_disabled() {
        return;
    }
    match answer {
        Ok(answer) => {
            span.record("outcome", answer.outcome());
            span.record("source", answer.source().map(source_name));
            span.record("retry_after", answer.retry_after().map(display));
        }
        Err(error) => {
            span.record("outcome", "error");
            span.in_scope(|| debug!(kind = kind_name(error.kind()), %error, "limiter call failed"));
        }
    }
}

/// Tells that the store went down. What caused the error isn't told: it may hold anything.
pub(super) fn down(backend: &str, error: Option<&Error>) {
    let (kind, error) = (error.map(|error| kind_name(error.kind())), error.map(display));
    warn!(backend, kind, error, "the store is down");
}

/// Tells that the store is there again.
pub(super) fn up(backend: &str) {
    info!(backend, "the store answers again");
}

fn named(operation: Operation, backend: &str, what: What<'_>) -> Span {
    match operation {
        Operation::Hit => span!("limiter.hit", backend, what),
        Operation::Peek => span!("limiter.peek", backend, what),
        Operation::Refund => span!("limiter.refund", backend, what),
        Operation::ResetRate | Operation::ResetQuota => span!("limiter.reset", backend, what),
        Operation::Acquire => span!("limiter.acquire", backend, what),
        Operation::Renew => span!("limiter.renew", backend, what),
        Operation::Release => span!("limiter.release", backend, what),
        Operation::InUse => span!("limiter.in_use", backend, what),
        Operation::Leases => span!("limiter.leases", backend, what),
        Operation::Check => span!("limiter.check", backend, what),
        Operation::Record => span!("limiter.record", backend, what),
        Operation::Reserve => span!("limiter.reserve", backend, what),
        Operation::Settle => span!("limiter.settle", backend, what),
        Operation::Ping => span!("limiter.ping", backend, what),
    }
}
