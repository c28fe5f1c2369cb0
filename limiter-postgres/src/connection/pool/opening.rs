//! A connection in the making.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{Lent, Shared};
use crate::error::Refusal;

/// A connection in the making. Dropped before it is done, as by a runtime that shuts down, it counts as a failure.
pub(super) struct Opening {
    shared: Arc<Shared>,
    settled: bool,
}

/// What has come of it.
pub(super) type Outcome = Result<Lent, Arc<Refusal>>;

impl Opening {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, settled: false }
    }

    /// Makes it, and tells the caller, if that one is still there. Else it is there for others.
    pub(super) async fn run(mut self, permit: OwnedSemaphorePermit, tell: oneshot::Sender<Outcome>) {
        match self.shared.door.open().await {
            Ok((connection, _)) => {
                self.settle(None);
                let lent = Lent::new(connection, permit, Arc::clone(&self.shared));
                if let Err(Ok(lent)) = tell.send(Ok(lent)) {
                    lent.give_back();
                }
            }
            Err(refusal) => {
                let refusal = Arc::new(refusal);
                self.settle(Some(&refusal));
                // Its caller was the first to ask, and is the first to know.
                let _ = tell.send(Err(refusal));
                drop(permit);
            }
        }
    }

    fn settle(&mut self, refusal: Option<&Arc<Refusal>>) {
        self.settled = true;
        self.shared.state().settle(refusal);
        self.shared.restore();
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Some(&Arc::new(Refusal::ended())));
        }
    }
}
