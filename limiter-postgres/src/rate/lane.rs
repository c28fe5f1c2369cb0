//! One way to the server: one statement after the other, as long as there are calls.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::queue::Next;
use super::shared::Shared;
use super::waiting::put_aside;

/// How long a lane that has nothing to do stays.
const REST: Duration = Duration::from_millis(500);

/// Wakes or starts a lane. Not where there is no runtime to start it.
pub(super) fn see_to(shared: &Arc<Shared>, next: Next) -> bool {
    match next {
        Next::Nothing => {}
        Next::Wake => shared.come.notify_one(),
        Next::Start => {
            let Ok(runtime) = Handle::try_current() else { return false };
            runtime.spawn(Lane { shared: Arc::clone(shared), ended: false }.run());
        }
    }
    true
}

/// One statement after the other, as long as there are calls.
struct Lane {
    shared: Arc<Shared>,
    ended: bool,
}

impl Lane {
    async fn run(mut self) {
        while !self.ended {
            let (batch, rows) = self.shared.queue().take();
            let idle = rows.is_empty();
            let rows = Rows { shared: &self.shared, rows };
            if !batch.is_empty() {
                let undecided = self.shared.sending.send(batch).await;
                put_aside(&self.shared, undecided);
            }
            drop(rows);
            if idle {
                self.rest().await;
            } else {
                // Those who have their answers now may have another call: together they cost less.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for calls, and ends when none come.
    async fn rest(&mut self) {
        let resting = Resting(&self.shared);
        let woken = timeout(REST, self.shared.come.notified()).await.is_ok();
        drop(resting);
        self.ended = self.shared.queue().end_idle(woken);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if !self.ended {
            self.shared.queue().abort();
        }
    }
}

/// A lane that has nothing to do, until it has, however that ends.
struct Resting<'a>(&'a Shared);

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        self.0.queue().rested();
    }
}

/// The rows of a statement, until it is done, however it ends.
struct Rows<'a> {
    shared: &'a Shared,
    rows: Vec<u64>,
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        self.shared.queue().done(&self.rows);
    }
}
