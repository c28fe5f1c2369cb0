//! One connection to one server.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// So many calls without an answer, and none with one in between, are the connection's fault.
const TIMEOUTS: u32 = 3;

/// One connection to one server, shared by whoever has a call on it. The last to drop it closes it.
#[derive(Clone, Debug)]
pub(super) struct Open {
    connection: MultiplexedConnection,
    life: Arc<Life>,
}

/// What is known of a connection.
#[derive(Debug)]
struct Life {
    since: Instant,
    end: End,
    answered: AtomicBool,
    timeouts: AtomicU32,
    /// Whether somebody finds out if it still answers.
    checked: AtomicBool,
    /// The task that reads and writes. With a peer that takes nothing it would never end by itself.
    driver: Option<AbortHandle>,
}

/// Tells that a connection has ended.
#[derive(Clone, Debug, Default)]
pub(super) struct End(Arc<AtomicBool>);

impl End {
    /// From now on nothing is sent over the connection.
    pub(super) fn come(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn has_come(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Open {
    /// A connection, its end, and the task behind it unless the connection ends that by itself.
    pub(super) fn new(connection: MultiplexedConnection, end: End, driver: Option<AbortHandle>) -> Self {
        let life = Life {
            since: Instant::now(),
            end,
            answered: AtomicBool::new(false),
            timeouts: AtomicU32::new(0),
            checked: AtomicBool::new(false),
            driver,
        };
        Self { connection, life: Arc::new(life) }
    }

    /// Sends a command. Its answer may be an error of the server.
    pub(super) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.connection.send_packed_command(command).await
    }

    /// Sends commands together; the answer of the last, or that one of them is forbidden.
    pub(super) async fn send_all(&mut self, commands: &Pipeline) -> RedisResult<Value> {
        let mut answers = self.connection.send_packed_commands(commands, 0, commands.len()).await?;
        let last = answers.pop().unwrap_or(Value::Nil);
        let forbids =
            |answer: &Value| matches!(answer, Value::ServerError(error) if error.code() == "NOPERM");
        Ok(answers.into_iter().find(forbids).unwrap_or(last))
    }

    /// Whether it is known to have ended: what isn't sent over it by now never will be.
    pub(super) fn has_ended(&self) -> bool {
        self.life.end.has_come()
    }

    /// Whether both are the same connection.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.life, &other.life)
    }

    pub(super) fn since(&self) -> Instant {
        self.life.since
    }

    /// Whether anything was ever answered over it.
    pub(super) fn has_answered(&self) -> bool {
        self.life.answered.load(Ordering::Relaxed)
    }

    /// Notes an answer.
    pub(super) fn note_answer(&self) {
        let life = &self.life;
        // Most calls find nothing to change, and leave the memory that they share alone.
        if !life.answered.load(Ordering::Relaxed) {
            life.answered.store(true, Ordering::Relaxed);
        }
        if life.timeouts.load(Ordering::Relaxed) > 0 {
            life.timeouts.store(0, Ordering::Relaxed);
        }
    }

    /// Whether the caller is the one to find out if it still answers, until [`Self::end_check`].
    pub(super) fn begin_check(&self) -> bool {
        !self.life.checked.swap(true, Ordering::Relaxed)
    }

    pub(super) fn end_check(&self) {
        self.life.checked.store(false, Ordering::Relaxed);
    }

    /// Notes that a call had no answer in time; whether there were so many in a row that another connection is needed.
    pub(super) fn note_timeout(&self) -> bool {
        self.life.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= TIMEOUTS
    }
}

/// Knows whether a connection is in use, without keeping it.
#[derive(Debug)]
pub(super) struct Usage(Weak<Life>);

impl Usage {
    pub(super) fn of(open: &Open) -> Self {
        Self(Arc::downgrade(&open.life))
    }

    pub(super) fn goes_on(&self) -> bool {
        self.0.upgrade().is_some_and(|life| !life.end.has_come())
    }

    /// From now on nothing is sent over it. Calls under way still get their answers.
    pub(super) fn end(&self) {
        if let Some(life) = self.0.upgrade() {
            life.end.come();
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
    }
}
