//! What a pool and its connections share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::super::door::Door;
use super::state::State;
use crate::error::{Failure, Refusal};

/// What a pool and its connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) door: Door,
    pub(super) size: u32,
    /// One permit for each connection that may be used or made. Those who wait for one get theirs in turn.
    pub(super) turns: Arc<Semaphore>,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(door: Door, size: u32) -> Self {
        Self { door, size, turns: Arc::new(Semaphore::new(size as usize)), state: Mutex::default() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the permits back that were held back while no connection could be made.
    pub(super) fn restore(&self) {
        let held_back = self.state().restored();
        self.turns.add_permits(held_back);
    }

    /// Why a caller has waited in vain.
    pub(super) fn nothing_free(&self) -> Failure {
        let state = self.state();
        if let Some(refusal) = state.last_refusal() {
            Failure::NoConnection(refusal)
        } else if state.all_in_use(self.size) {
            refused(Refusal::busy(self.size))
        } else {
            refused(Refusal::none_yet().at(self.door.place()))
        }
    }
}

pub(super) fn refused(refusal: Refusal) -> Failure {
    Failure::NoConnection(Arc::new(refusal))
}
