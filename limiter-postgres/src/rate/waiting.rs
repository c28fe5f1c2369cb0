//! Waits for a row that somebody else holds, on a way of its own, so that other calls go on.

use std::sync::Arc;

use super::lanes::Shared;

/// Waits for one row with all the calls over it, one statement after the other, until there are none.
pub(super) struct Waiting {
    shared: Arc<Shared>,
    row: Vec<u8>,
    ended: bool,
}

impl Waiting {
    pub(super) fn new(shared: Arc<Shared>, row: Vec<u8>) -> Self {
        Self { shared, row, ended: false }
    }

    pub(super) async fn run(mut self) {
        loop {
            // Callers whose time is up meanwhile take their calls back.
            let _connection = self.shared.sending.store.turns.connection().await;
            let Some(batch) = self.shared.queue().take_held(&self.row) else { break };
            let undecided = self.shared.sending.send_when_had(batch, &self.row).await;
            self.shared.put_aside(undecided);
        }
        self.ended = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.ended {
            self.shared.queue().abort_held(&self.row);
        }
    }
}
