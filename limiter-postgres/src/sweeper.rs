//! Deletes what has lost its meaning: from time to time, and when it is asked to.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use sqlx::postgres::PgRow;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::call::{Argument, Call};
use crate::reply::{amount, column, unexpected};
use crate::store::Store;

/// How many rows a batch looks at.
const ROWS: i64 = 1000;
/// So many times as long as a batch took nothing is swept after it, so that hits come first.
const REST: u32 = 3;
/// How long to wait for somebody else's batch.
const BRIEFLY: Duration = Duration::from_millis(20);

/// What an interval is told to be where nobody sweeps from time to time.
const USUAL: Duration = Duration::from_mins(1);

/// Sweeps when asked to, and from time to time in a task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Sweeper {
    store: Store,
    every: Duration,
    task: Option<AbortHandle>,
}

/// What came of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Swept {
    removed: u64,
    next: Next,
}

/// What is to be done after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Another one: there is more to be looked at.
    More,
    /// Nothing, until so much later.
    Later(Duration),
    /// Somebody else is at it.
    Busy,
}

impl Sweeper {
    /// Sweeps a store every so often, if at all: one of all who share the schema at a time. Not where time is handed in.
    pub(crate) fn new(store: &Store, every: Option<Duration>) -> Self {
        let by_the_server = Store { clock: None, ..store.clone() };
        let start = |every| tokio::spawn(from_time_to_time(by_the_server.clone(), every)).abort_handle();
        let task = every.filter(|_| store.clock.is_none()).map(start);
        Self { every: every.unwrap_or(USUAL), task, store: by_the_server }
    }

    /// Walks through everything once, from the first row on; tells how many rows were deleted.
    pub(crate) async fn sweep(&self) -> Result<u64> {
        let (mut removed, mut anew, mut deadline) = (0, true, self.store.deadline());
        loop {
            let swept = batch(&self.store, self.every, anew).await?;
            removed += swept.removed;
            match swept.next {
                Next::More => (anew, deadline) = (false, self.store.deadline()),
                Next::Later(_) => return Ok(removed),
                Next::Busy if Instant::now() < deadline => sleep(BRIEFLY).await,
                Next::Busy => return Err(busy()),
            }
        }
    }

    /// Sweeps from time to time no more.
    pub(crate) fn stop(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn from_time_to_time(store: Store, every: Duration) {
    // Those who started together don't come together.
    let mut pause = every.mul_f64(chance());
    loop {
        sleep(pause).await;
        pause = match walk(&store, every).await {
            Ok(pause) => pause.min(every) + every.mul_f64(chance() / 10.0),
            Err(error) => {
                warn!(%error, again_in = ?every, "what has lost its meaning could not be deleted");
                every
            }
        };
    }
}

/// Walks on if that is due; tells in what time to ask again.
async fn walk(store: &Store, every: Duration) -> Result<Duration> {
    let mut removed = 0;
    loop {
        let begun = Instant::now();
        let swept = batch(store, every, false).await?;
        removed += swept.removed;
        match swept.next {
            Next::More => sleep(begun.elapsed() * REST).await,
            Next::Later(pause) => {
                debug!(removed, "deleted what has lost its meaning");
                return Ok(pause);
            }
            Next::Busy => return Ok(every),
        }
    }
}

/// One call: a batch of rows, or nothing where none is due.
async fn batch(store: &Store, every: Duration, anew: bool) -> Result<Swept> {
    let every = Argument::Number(i64::try_from(every.as_millis()).ok());
    let call = Call::new("sweep", "sweep", false).with(Argument::Flag(anew)).with(every);
    let rows = store.read(call.with(Argument::Number(Some(ROWS)))).await?;
    swept(&rows).map_err(|error| error.with_operation("sweep"))
}

fn swept(rows: &[PgRow]) -> Result<Swept> {
    let [row] = rows else {
        return Err(unexpected("isn't one row"));
    };
    let next = match column::<Option<i64>>(row, "wait_ms")?.map(amount).transpose()? {
        None => Next::Busy,
        Some(0) => Next::More,
        Some(wait_ms) => Next::Later(Duration::from_millis(wait_ms)),
    };
    Ok(Swept { removed: amount(column(row, "removed")?)?, next })
}

fn busy() -> Error {
    let text = "somebody else has been sweeping for the whole response timeout";
    Error::new(ErrorKind::Timeout, text).with_operation("sweep")
}

/// A number from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "any number will do")]
fn chance() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}
