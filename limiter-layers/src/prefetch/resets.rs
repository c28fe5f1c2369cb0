//! What a reset does to what was charged before it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The resets of one counter, and what is on its way back to it.
#[derive(Debug, Default)]
pub(super) struct Resets {
    state: Mutex<State>,
    all_sent: Notify,
}

#[derive(Debug, Default)]
struct State {
    ended: u64,
    under_way: usize,
    /// Refunds that the store may be executing.
    sending: usize,
}

/// A point in the counter's life. What is charged after it is worth something until the next reset begins.
#[derive(Clone, Debug)]
pub(super) struct Since {
    resets: Arc<Resets>,
    ended: u64,
}

/// A refund that the store may be executing, until it is dropped.
#[derive(Debug)]
pub(super) struct Sending(Arc<Resets>);

/// A reset that the store may be executing, until it is dropped.
#[derive(Debug)]
pub(super) struct Resetting(Arc<Resets>);

impl Resets {
    pub(super) fn now(self: &Arc<Self>) -> Since {
        Since { resets: Arc::clone(self), ended: self.state().ended }
    }

    /// Begins a reset. From now on nothing is held of what was charged, and nothing of it is sent back, until it ends.
    pub(super) fn begin(self: &Arc<Self>) -> Resetting {
        self.state().under_way += 1;
        Resetting(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Since {
    /// Whether no reset has begun since.
    pub(super) fn holds(&self) -> bool {
        self.holds_in(&self.resets.state())
    }

    /// Sends back what was charged since; `None`: a reset has forgotten it, or is about to.
    pub(super) fn send(&self) -> Option<Sending> {
        let mut state = self.resets.state();
        let holds = self.holds_in(&state);
        state.sending += usize::from(holds);
        holds.then(|| Sending(Arc::clone(&self.resets)))
    }

    const fn holds_in(&self, state: &State) -> bool {
        state.under_way == 0 && state.ended == self.ended
    }
}

impl Resetting {
    /// Waits for the refunds that were sent before: one that is executed after the reset would take away what is charged
    /// then.
    pub(super) async fn all_sent(&self) {
        loop {
            // It is told of whatever ends from here on, so nothing is missed after looking.
            let sent = self.0.all_sent.notified();
            if self.0.state().sending == 0 {
                return;
            }
            sent.await;
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.state().sending -= 1;
        self.0.all_sent.notify_waiters();
    }
}

impl Drop for Resetting {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        state.ended += 1;
    }
}
