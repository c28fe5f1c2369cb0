//! Hits that wait for an answer.

use std::sync::Arc;

use limiter_core::{Decision, Error, Outcome, Result, Source};
use tokio::sync::oneshot;

/// A hit that waits for an answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) cost: u64,
    reply: oneshot::Sender<Result<Decision>>,
}

/// Where its answer comes.
pub(super) type Answer = oneshot::Receiver<Result<Decision>>;

impl Waiting {
    pub(super) fn new(cost: u64) -> (Self, Answer) {
        let (reply, answer) = oneshot::channel();
        (Self { cost, reply }, answer)
    }

    /// Whether somebody still wants the answer.
    pub(super) fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    /// The answer; whether it could be handed over.
    pub(super) fn answer(self, decision: Decision) -> bool {
        self.reply.send(Ok(decision)).is_ok()
    }

    pub(super) fn fail(self, error: Error) {
        drop(self.reply.send(Err(error)));
    }
}

/// The same answer once more.
pub(super) fn again(source: Source, outcomes: &[Outcome]) -> Decision {
    match outcomes {
        [one] => Decision::of_one(source, *one),
        several => Decision::new(source, several.iter().copied()),
    }
}

/// The failure of a request, told to one of those who waited for it; whether their own hit was part of it.
pub(super) fn shared(error: &Arc<Error>, part_of_it: bool) -> Error {
    let mut told = Error::new(error.kind(), error.message()).with_source(Arc::clone(error));
    if let Some(operation) = error.operation() {
        told = told.with_operation(operation);
    }
    for (name, value) in error.context() {
        told = told.with_context(name, value);
    }
    if part_of_it && error.may_have_charged() { told.possibly_charged() } else { told }
}
