//! A call that finds nobody else: its caller sends it, without going through a lane.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use super::asked::Asked;
use super::batch::Batch;
use super::lane::see_to;
use super::shared::Shared;
use super::waiting::put_aside;

/// Sends a call in the caller's own task. A caller that gives up leaves it to another, so that the statement and its
/// connection come to their end.
pub(super) struct Alone(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Alone {
    /// A call whose rows are under way from now on.
    pub(super) fn new(shared: Arc<Shared>, asked: Asked) -> Self {
        let rows = Rows { rows: asked.rows().to_vec(), shared };
        Self(Some(Box::pin(async move {
            let batch = Batch::new([asked]);
            if !batch.is_empty() {
                let undecided = rows.shared.sending.send(batch).await;
                put_aside(&rows.shared, undecided);
            }
        })))
    }
}

impl Future for Alone {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(sending) = &mut self.0 else { return Poll::Ready(()) };
        let polled = sending.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if let (Some(sending), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(sending);
        }
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
