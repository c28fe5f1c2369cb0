//! Records a history while it happens.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::explain::Operation;

/// Records the calls of several tasks. Share it in an `Arc`, or by reference.
#[derive(Debug)]
pub struct Recorder<C, A> {
    next: AtomicU64,
    history: Mutex<Vec<Operation<C, A>>>,
}

/// A call that was begun. Dropped without an answer, it is recorded as one that may have happened or not: so it is
/// when a call is cancelled, or errs and may have been executed.
#[must_use = "a call that is dropped is recorded as never answered"]
pub struct Begun<'a, C, A> {
    recorder: &'a Recorder<C, A>,
    /// Taken when it is recorded.
    call: Option<C>,
    at: u64,
}

impl<C, A> Default for Recorder<C, A> {
    fn default() -> Self {
        Self { next: AtomicU64::new(0), history: Mutex::default() }
    }
}

impl<C, A> Recorder<C, A> {
    /// A recorder of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records that a call begins: just before it is made.
    pub fn begin(&self, call: C) -> Begun<'_, C, A> {
        Begun { recorder: self, call: Some(call), at: self.tick() }
    }

    /// What was recorded, by when each call began.
    pub fn into_history(self) -> Vec<Operation<C, A>> {
        let mut history = self.history.into_inner().unwrap_or_else(PoisonError::into_inner);
        history.sort_by_key(|operation| operation.begun);
        history
    }

    fn tick(&self) -> u64 {
        self.next.fetch_add(1, Ordering::SeqCst)
    }
}

impl<C, A> Begun<'_, C, A> {
    /// Records the answer: as soon as it is there.
    pub fn answered(mut self, answer: A) {
        self.record(Some(answer));
    }

    fn record(&mut self, answer: Option<A>) {
        let answered = answer.map(|answer| (self.recorder.tick(), answer));
        if let Some(call) = self.call.take() {
            let operation = Operation { call, begun: self.at, answered };
            self.recorder.history.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
        }
    }
}

impl<C, A> Drop for Begun<'_, C, A> {
    fn drop(&mut self) {
        self.record(None);
    }
}

impl<C: fmt::Debug, A> fmt::Debug for Begun<'_, C, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("call", &self.call).field("at", &self.at).finish_non_exhaustive()
    }
}
