//! Sends a batch, and says what became of it.

use super::asked::Asked;
use super::batch::{Batch, copy_of};
use super::line::Line;
use crate::error::Failure;
use crate::reply::numbers;
use crate::store::{Store, Wait};

/// How often calls that lost a deadlock or the like are sent again. Nothing was done then.
const RETRIES: u32 = 3;

/// Calls that weren't decided, each with the counter whose row somebody else holds.
pub(super) type Undecided = Vec<(Vec<u8>, Asked)>;

/// Sends batches.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    pub(super) store: Store,
    pub(super) durable: bool,
}

impl Sending {
    /// Sends a batch that waits for no row.
    pub(super) async fn send(&self, batch: Batch) -> Undecided {
        let answer = self.answer(&batch, None, |_| Wait::Hardly).await;
        match answer {
            Err(failure) if failure.is_of_one_call() && batch.len() > 1 => self.send_apart(batch).await,
            answer => self.settle(batch, answer, None),
        }
    }

    /// Sends a batch once a row is had that somebody else holds.
    pub(super) async fn send_when_had(&self, batch: Batch, row: &[u8]) -> Undecided {
        let (waits, deadline) = (batch.waits(), batch.first_deadline());
        let wait = |place| self.store.wait_for(place, waits, deadline);
        if wait(1).is_none() {
            return self.settle(batch, Err(Failure::LockTimeout), Some(row));
        }
        let answer = self.answer(&batch, Some(row), |place| wait(place).unwrap_or(Wait::Hardly)).await;
        self.settle(batch, answer, Some(row))
    }

    /// One of them can't be decided, and nobody knows which: the others mustn't suffer.
    async fn send_apart(&self, batch: Batch) -> Undecided {
        let mut undecided = Vec::new();
        for call in batch.into_calls() {
            let alone = Batch::again(call);
            let answer = self.answer(&alone, None, |_| Wait::Hardly).await;
            undecided.extend(self.settle(alone, answer, None));
        }
        undecided
    }

    async fn answer(
        &self,
        batch: &Batch,
        row: Option<&[u8]>,
        wait: impl Fn(usize) -> Wait,
    ) -> Result<Vec<i64>, Failure> {
        let mut retries = 0;
        loop {
            let call = batch.call(self.durable, row, &wait).with(self.store.time());
            match self.store.connection.run_here(&call, batch.deadline()).await {
                Err(Failure::NothingDone(_)) if retries < RETRIES => retries += 1,
                Err(failure) => return Err(failure),
                Ok(rows) => return numbers(&rows).map_err(|error| Failure::unreadable(&error)),
            }
        }
    }

    /// Tells the callers of a batch what became of their calls.
    fn settle(&self, batch: Batch, answer: Result<Vec<i64>, Failure>, row: Option<&[u8]>) -> Undecided {
        match answer {
            Ok(told) => {
                let mut undecided = batch.tell(&told);
                for (_, call) in &mut undecided {
                    call.note_wait(row.is_some());
                }
                undecided
            }
            Err(Failure::LockTimeout | Failure::Held(_)) => self.held(batch, row),
            Err(failure) => {
                let error = failure.into_error("hit", true);
                batch.fail(|| copy_of(&error));
                Vec::new()
            }
        }
    }

    /// Nothing was done for want of a row: who has time left waits for it, or, where that may be another call's, for the first
    /// of its own.
    fn held(&self, batch: Batch, row: Option<&[u8]>) -> Undecided {
        let mut undecided = Vec::new();
        for mut call in batch.into_calls() {
            call.note_wait(false);
            if !self.store.has_time(call.deadline()) {
                call.tell(Err(Failure::LockTimeout.into_error("hit", true)));
            } else if let Some(row) = row.or_else(|| call.lines().first().map(Line::counter)) {
                undecided.push((row.to_vec(), call));
            }
        }
        undecided
    }
}
