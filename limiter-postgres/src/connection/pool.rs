//! Connections of our own.

mod idle;
mod lent;
mod opening;
mod shared;
mod state;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, timeout_at};

pub(super) use self::lent::Lent;
use self::opening::Opening;
use self::shared::{Shared, refused};
use self::state::Next;
use super::door::Door;
use crate::error::{Failure, Refusal};
use crate::facts::Facts;

/// Connections of our own: a bounded number of them, made when they are needed, each by a task of its own, so that a
/// caller that gives up takes nobody else's connection along. After a failure nobody tries for a while, and then one at a
/// time, until one could be made.
#[derive(Debug)]
pub(super) struct Pool(Arc<Shared>);

impl Pool {
    pub(super) fn new(door: Door, size: u32) -> Self {
        Self(Arc::new(Shared::new(door, size)))
    }

    /// Makes the first connection, for as long as that may take.
    pub(super) async fn first(&self) -> Result<Facts, Failure> {
        let (connection, facts) = self.0.door.open().await.map_err(refused)?;
        let permit = Arc::clone(&self.0.turns).try_acquire_owned().map_err(|_| refused(Refusal::shut()))?;
        self.0.state().opened();
        Lent::new(connection, permit, Arc::clone(&self.0)).give_back();
        Ok(facts)
    }

    /// A connection to be used alone, as soon as there is one.
    pub(super) async fn take(&self, deadline: Instant) -> Result<Lent, Failure> {
        let mut patience = deadline;
        loop {
            let permit = match timeout_at(patience, Arc::clone(&self.0.turns).acquire_owned()).await {
                Ok(Ok(permit)) => permit,
                Ok(Err(_)) => return Err(refused(Refusal::shut())),
                Err(_) if Instant::now() >= deadline => return Err(self.0.nothing_free()),
                Err(_) => {
                    self.0.restore();
                    patience = deadline;
                    continue;
                }
            };
            let next = self.0.state().next(permit);
            match next {
                Next::Idle(idle, permit) => {
                    let lent = Lent::again(idle, permit, Arc::clone(&self.0));
                    if let Some(lent) = lent.alive(deadline).await? {
                        return Ok(lent);
                    }
                }
                Next::Open(permit) => match self.open(permit, deadline).await {
                    // There are others to wait for.
                    Err(_) if self.0.state().has_any() => patience = deadline,
                    outcome => return outcome,
                },
                Next::Refused(refusal) => return Err(Failure::NoConnection(refusal)),
                Next::Later(until) => patience = until.map_or(deadline, |until| until.min(deadline)),
            }
        }
    }

    /// Why no connection can be had now, where that is known.
    pub(super) fn refusal(&self) -> Option<Failure> {
        if self.0.turns.is_closed() {
            return Some(refused(Refusal::shut()));
        }
        self.0.state().refusal().map(Failure::NoConnection)
    }

    /// Ends it: from now on there are no connections. Those in use are closed when they come back.
    pub(super) async fn shut(&self) {
        self.0.turns.close();
        let idle = self.0.state().shut();
        for idle in idle {
            idle.close().await;
        }
    }

    pub(super) fn door(&self) -> &Door {
        &self.0.door
    }

    /// In words, without secrets.
    pub(super) fn describe(&self) -> String {
        format!("up to {} connections to {}", self.0.size, self.0.door.place())
    }

    async fn open(&self, permit: OwnedSemaphorePermit, deadline: Instant) -> Result<Lent, Failure> {
        let (tell, told) = oneshot::channel();
        tokio::spawn(Opening::new(Arc::clone(&self.0)).run(permit, tell));
        match timeout_at(deadline, told).await {
            Ok(Ok(outcome)) => outcome.map_err(Failure::NoConnection),
            Ok(Err(_)) => Err(refused(Refusal::ended())),
            Err(_) => Err(refused(Refusal::none_yet().at(self.0.door.place()))),
        }
    }
}
