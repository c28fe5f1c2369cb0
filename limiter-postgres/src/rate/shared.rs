//! What all statements of hits share.

use std::hash::RandomState;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::queue::Queue;
use super::sending::Sending;

/// What all statements of hits share.
pub(super) struct Shared {
    pub(super) sending: Sending,
    /// Tells lanes that rest that a call has come.
    pub(super) come: Notify,
    pub(super) hasher: RandomState,
    queue: Mutex<Queue>,
}

impl Shared {
    pub(super) fn new(sending: Sending) -> Self {
        Self { sending, come: Notify::new(), hasher: RandomState::new(), queue: Mutex::default() }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
