//! Hits of many callers in one statement: those that come while one is under way go together in the next.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use limiter_core::{Error, ErrorKind};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::asked::{Asked, Told};
use super::line::Line;
use super::queue::{LONGEST, Next, Queue, Refused};
use super::sending::Sending;
use super::waiting::Waiting;
use crate::store::Store;

/// How long a lane that has nothing to do stays.
const REST: Duration = Duration::from_millis(500);

/// The ways on which hits go to the server: a few statements at a time, and those that wait for rows.
#[derive(Clone)]
pub(super) struct Lanes(Arc<Shared>);

/// What all statements share.
pub(super) struct Shared {
    pub(super) sending: Sending,
    queue: Mutex<Queue>,
    come: Notify,
    hasher: RandomState,
}

impl Lanes {
    pub(super) fn new(store: Store, durable: bool) -> Self {
        let sending = Sending { store, durable };
        Self(Arc::new(Shared {
            sending,
            queue: Mutex::default(),
            come: Notify::new(),
            hasher: RandomState::new(),
        }))
    }

    /// Sends lines, each of another counter, and waits for the numbers that are told of them.
    ///
    /// A caller that gives up before they were sent takes them back; later they are charged all the same.
    pub(super) async fn hit(&self, lines: Vec<Line>) -> Told {
        let shared = &self.0;
        let rows = lines.iter().map(|line| shared.hasher.hash_one(line.counter())).collect();
        let (asked, answer) = Asked::new(lines, rows, shared.sending.store.deadline());
        let next = shared.queue().push(asked).map_err(refusal)?;
        match next {
            Next::Nothing => {}
            Next::Wake => shared.come.notify_one(),
            Next::Start => {
                tokio::spawn(Lane(Arc::clone(shared)).run());
            }
        }
        answer.wait().await
    }

    /// From now on nothing is sent but what waits already.
    pub(super) fn close(&self) {
        self.0.queue().close();
        self.0.come.notify_waiters();
    }
}

impl Shared {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps calls that weren't decided for when somebody has waited for their rows.
    pub(super) fn put_aside(self: &Arc<Self>, undecided: Vec<(Vec<u8>, Asked)>) {
        for (row, mut asked) in undecided {
            if asked.requeue() && self.queue().hold(row.clone(), asked) {
                tokio::spawn(Waiting::new(Arc::clone(self), row).run());
            }
        }
    }
}

/// One statement after the other, as long as there are calls.
struct Lane(Arc<Shared>);

impl Lane {
    async fn run(self) {
        loop {
            let (batch, rows) = self.0.queue().take();
            let idle = rows.is_empty();
            let rows = Rows { shared: &self.0, rows };
            if !batch.is_empty() {
                let undecided = self.0.sending.send(batch).await;
                self.0.put_aside(undecided);
            }
            drop(rows);
            if idle && !self.rest().await {
                return;
            }
        }
    }

    /// Waits for calls; whether to go on.
    async fn rest(&self) -> bool {
        self.0.queue().rest();
        let woken = timeout(REST, self.0.come.notified()).await.is_ok();
        self.0.queue().goes_on(woken)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.queue().end();
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
        Refused::Full => format!(
            "{LONGEST} calls wait for the database already: it is down, or too slow for as many"
        ),
    };
    Error::new(ErrorKind::Unavailable, text)
}
