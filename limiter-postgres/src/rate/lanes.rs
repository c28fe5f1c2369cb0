//! Hits of many callers in one statement: those that come while one is under way go together in the next.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, timeout};

use super::asked::{Answer, Asked, Told};
use super::line::Line;
use super::queue::{LONGEST, Next, Refused};
use super::sending::Sending;
use super::shared::Shared;
use super::waiting::put_aside;
use crate::store::Store;

/// How long a lane that has nothing to do stays.
const REST: Duration = Duration::from_millis(500);

/// The ways on which hits go to the server: a few statements at a time, and those that wait for rows.
#[derive(Clone)]
pub(super) struct Lanes(Arc<Shared>);

impl Lanes {
    pub(super) fn new(store: Store, durable: bool) -> Self {
        Self(Arc::new(Shared::new(Sending { store, durable })))
    }

    /// Sends lines, each of another counter, and waits for the numbers that are told of them.
    ///
    /// A caller that gives up before they were sent takes them back; later they are charged all the same.
    pub(super) async fn hit(&self, mut lines: Vec<Line>) -> Result<(Vec<Line>, Vec<i64>)> {
        let deadline = self.0.sending.store.deadline();
        loop {
            match self.queued(lines, deadline)?.wait().await {
                Told::Answer(answer) => return answer,
                Told::Unsent(again) => lines = again,
            }
        }
    }

    /// From now on nothing is sent but what waits already.
    pub(super) fn close(&self) {
        self.0.queue().close();
        self.0.come.notify_waiters();
    }

    /// Puts lines into the queue, and sees to it that somebody sends them.
    fn queued(&self, lines: Vec<Line>, deadline: Instant) -> Result<Answer> {
        let shared = &self.0;
        let rows = lines.iter().map(|line| shared.hasher.hash_one(line.counter())).collect();
        let (asked, answer) = Asked::new(lines, rows, deadline);
        let next = shared.queue().push(asked).map_err(refusal)?;
        match next {
            Next::Nothing => {}
            Next::Wake => shared.come.notify_one(),
            Next::Start => {
                tokio::spawn(Lane { shared: Arc::clone(shared), ended: false }.run());
            }
        }
        Ok(answer)
    }
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
        let resting = Resting::new(&self.shared);
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

impl<'a> Resting<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.queue().rest();
        Self(shared)
    }
}

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

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

fn refusal(refused: Refused) -> Error {
    let text = match refused {
        Refused::Closed => "this limiter was shut down".to_owned(),
        Refused::Full => {
            format!("{LONGEST} calls wait for the database already: it is down, or too slow for as many")
        }
    };
    Error::new(ErrorKind::Unavailable, text)
}
