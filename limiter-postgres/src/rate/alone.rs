//! A call that finds nobody else: its caller sends it, without going through a lane.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::asked::Asked;
use super::batch::Batch;
use super::driven::Driven;
use super::lane::see_to;
use super::shared::Shared;
use super::waiting::put_aside;

/// Sends a call in the caller's own task. A task goes on with it once somebody else comes, since a caller may pause for as
/// long as it likes, and when the caller gives up, so that the statement and its connection come to their end.
pub(super) struct Alone(Arc<Driven>);

impl Alone {
    /// A call whose rows are under way from now on.
    pub(super) fn new(shared: Arc<Shared>, driven: Arc<Driven>, asked: Asked) -> Self {
        let rows = Rows { rows: asked.rows().to_vec(), shared };
        driven.begin(async move {
            let batch = Batch::new([asked]);
            if !batch.is_empty() {
                let undecided = rows.shared.sending.send(batch).await;
                put_aside(&rows.shared, undecided);
            }
        });
        Self(driven)
    }
}

impl Future for Alone {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll(context)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.hand_over();
    }
}

/// The rows of the call, until it is done. Then those who waited for them are seen to.
struct Rows {
    shared: Arc<Shared>,
    rows: Vec<u64>,
}

impl Drop for Rows {
    fn drop(&mut self) {
        let next = self.shared.queue().done_alone(&self.rows);
        if !see_to(&self.shared, next) {
            self.shared.queue().abort();
        }
    }
}
