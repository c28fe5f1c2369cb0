//! Where settles and releases wait for the store.

use std::sync::Arc;

use limiter_core::{Error, Result};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::errand::Errand;
use super::sender::Sender;
use super::shared::Shared;

/// A bounded queue of calls, and the task that makes them once the store is back. Dropping it ends the task.
#[derive(Debug)]
pub(super) struct Queue<E: Errand> {
    shared: Arc<Shared<E>>,
    sender: Option<AbortHandle>,
}

impl<E: Errand> Queue<E> {
    /// A queue for at most so many. Outside a tokio runtime nothing could be sent, so there nothing is taken in.
    pub(super) fn new(store: Arc<E::Store>, most: usize) -> Self {
        let shared = Arc::new(Shared::new(most));
        let start = |runtime: Handle| {
            let sender = Sender::new(Arc::clone(&shared), store);
            runtime.spawn(sender.run()).abort_handle()
        };
        let sender = Handle::try_current().ok().map(start);
        Self { shared, sender }
    }

    /// Takes in all or none of what couldn't be sent. Answers with the failure because of which it is.
    ///
    /// # Errors
    /// When there is no room, or it is too late for one of them: the same kind as the failure, which is its source.
    pub(super) fn push(&self, errands: &[E], failure: Error) -> Result<Error> {
        match self.shared.push(errands) {
            Ok(()) => Ok(failure),
            Err(why) => Err(cant_wait(&why, failure)),
        }
    }

    /// Whether one with this id waits, or is being sent.
    pub(super) fn contains(&self, id: &E::Id) -> bool {
        self.shared.contains(id)
    }

    /// Whether all that this one does waits, or is being sent, and isn't about to be given up.
    pub(super) fn covers(&self, errand: &E) -> bool {
        self.shared.covers(errand)
    }

    /// This one may have been executed: what waits and does the same ends as soon as it does.
    pub(super) fn tell(&self, errand: &E) {
        self.shared.tell(errand);
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.shared.is_empty()
    }

    /// Tries to send what is left until then, and takes in nothing after that. Answers how many are left.
    pub(super) async fn end(&self, until: Instant) -> usize {
        if self.shared.is_running() && !self.is_empty() {
            self.shared.hurry();
            drop(timeout_at(until, self.shared.until_emptied()).await);
        }
        self.shared.set_running(false);
        self.stop();
        self.shared.len()
    }

    fn stop(&self) {
        if let Some(sender) = &self.sender {
            sender.abort();
        }
    }
}

impl<E: Errand> Drop for Queue<E> {
    fn drop(&mut self) {
        self.stop();
        if self.shared.is_running() && !self.is_empty() {
            warn!(part = E::PART, waiting = self.shared.len(), "dropped with calls that couldn't be sent");
        }
    }
}

fn cant_wait(why: &str, failure: Error) -> Error {
    let mut told = Error::new(failure.kind(), format!("the store failed, and it can't be sent later: {why}"));
    if let Some(operation) = failure.operation() {
        told = told.with_operation(operation);
    }
    if failure.may_have_charged() {
        told = told.possibly_charged();
    }
    told.with_source(failure)
}
