//! Waits for a row that somebody else holds, on a way of its own, so that other calls go on.

use std::sync::Arc;

use super::sending::Undecided;
use super::shared::Shared;

/// Keeps calls that weren't decided for when somebody has waited for their rows.
pub(super) fn put_aside(shared: &Arc<Shared>, undecided: Undecided) {
    for (row, mut asked) in undecided {
        if asked.requeue() && shared.queue().hold(row.clone(), asked) {
            tokio::spawn(Waiting { shared: Arc::clone(shared), row, ended: false }.run());
        }
    }
}

/// Waits for one row with all the calls over it, one statement after the other, until there are none.
struct Waiting {
    shared: Arc<Shared>,
    row: Vec<u8>,
    ended: bool,
}

impl Waiting {
    async fn run(mut self) {
        loop {
            // Callers whose time is up meanwhile take their calls back.
            let _connection = self.shared.sending.store.turns.connection().await;
            let Some(batch) = self.shared.queue().take_held(&self.row) else { break };
            let undecided = self.shared.sending.send_when_had(batch, &self.row).await;
            put_aside(&self.shared, undecided);
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
