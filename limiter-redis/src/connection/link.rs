//! A way to a server that renews itself.

use std::sync::Arc;
use std::time::Duration;

use limiter_remote::backoff::{self, rest};
use redis::{Cmd, Pipeline, RedisError, Value, cmd};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use super::open::Open;
use super::source::Source;
use crate::error::{Failure, Refusal, is_read_only};

/// How long a check waits for an answer at least, however late the call was given up.
const LEAST_PATIENCE: Duration = Duration::from_millis(100);

/// A way to a server: the connection there is, or the next one. Whoever needs a connection when there is none has one
/// task make it, and waits for that no longer than for its own answer. After a failure nobody tries for a while.
#[derive(Clone, Debug)]
pub(super) struct Link(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    source: Source,
    state: watch::Sender<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// How often in a row no connection could be had, or none that was of use.
    failures: u32,
}

#[derive(Debug)]
enum Phase {
    /// No connection, and nobody has asked for one.
    Closed,
    /// One task is at it.
    Opening,
    Open(Open),
    /// Nobody tries until then.
    Resting(Instant, Arc<Refusal>),
    /// For good.
    Shut,
}

/// What is to be sent at once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request<'a> {
    One(&'a Cmd),
    /// Commands of which only the last one's answer matters.
    Together(&'a Pipeline),
}

impl Link {
    pub(super) fn new(source: Source) -> Self {
        let state = State { phase: Phase::Closed, failures: 0 };
        Self(Arc::new(Shared { source, state: watch::Sender::new(state) }))
    }

    /// Sends a request and waits for its answer until the deadline. It is sent at most once.
    pub(super) async fn send(&self, request: Request<'_>, deadline: Instant) -> Result<Value, Failure> {
        let mut waiting = Waiting { link: self, open: self.open(deadline).await?, deadline, ended: false };
        let answer = match request {
            Request::One(command) => timeout_at(deadline, waiting.open.send(command)).await,
            Request::Together(commands) => timeout_at(deadline, waiting.open.send_all(commands)).await,
        };
        waiting.ended = true;
        self.judge(&waiting.open, answer)
    }

    /// Waits for the first connection, for as long as that may take.
    pub(super) async fn first(&self) -> Result<(), Failure> {
        self.open(Instant::now() + self.0.source.patience()).await.map(drop)
    }

    /// A connection, as soon as there is one.
    async fn open(&self, deadline: Instant) -> Result<Open, Failure> {
        if let Some(open) = self.ready()? {
            return Ok(open);
        }
        let mut states = self.0.state.subscribe();
        loop {
            if let Some(open) = self.ready()? {
                return Ok(open);
            }
            if timeout_at(deadline, states.changed()).await.is_err() {
                return Err(Failure::NoConnection(Arc::new(self.0.source.slow())));
            }
        }
    }

    /// Whether there is a connection now.
    pub(super) fn is_open(&self) -> bool {
        matches!(&self.0.state.borrow().phase, Phase::Open(open) if !open.has_ended())
    }

    /// From now on there is no connection. Calls under way still get their answers.
    pub(super) fn shut(&self) {
        self.0.state.send_modify(|state| state.phase = Phase::Shut);
    }

    /// In words, without secrets.
    pub(super) fn describe(&self) -> String {
        self.0.source.describe()
    }

    /// The connection; `None` while one is being made, which is seen to.
    fn ready(&self) -> Result<Option<Open>, Failure> {
        match &self.0.state.borrow().phase {
            Phase::Open(open) if !open.has_ended() => return Ok(Some(open.clone())),
            Phase::Resting(until, cause) if Instant::now() < *until => {
                return Err(Failure::NoConnection(Arc::clone(cause)));
            }
            Phase::Shut => return Err(Failure::NoConnection(Arc::new(Refusal::shut()))),
            Phase::Opening => return Ok(None),
            Phase::Open(_) | Phase::Resting(..) | Phase::Closed => {}
        }
        self.start_opening();
        Ok(None)
    }

    fn start_opening(&self) {
        let mut started = false;
        self.0.state.send_if_modified(|state| {
            let ended = match &state.phase {
                Phase::Open(open) if open.has_ended() => Some(open.has_answered()),
                _ => None,
            };
            if let Some(good) = ended {
                state.leave(good, || self.0.source.lost());
            }
            started = match &state.phase {
                Phase::Closed => true,
                Phase::Resting(until, _) => Instant::now() >= *until,
                Phase::Open(_) | Phase::Opening | Phase::Shut => false,
            };
            if started {
                state.phase = Phase::Opening;
            }
            started || ended.is_some()
        });
        if started {
            // A task of its own: a caller that gives up takes nobody else's connection along.
            tokio::spawn(Opening(Some(Arc::clone(&self.0))).run());
        }
    }

    /// What came of a request, and what that says about the connection.
    fn judge(
        &self,
        open: &Open,
        answer: Result<Result<Value, RedisError>, Elapsed>,
    ) -> Result<Value, Failure> {
        let source = &self.0.source;
        match answer {
            Ok(Ok(Value::ServerError(error))) => {
                if is_read_only(&error) {
                    // A server that is a replica for good mustn't be connected to again and again.
                    let good = open.since().elapsed() >= 2 * backoff::LONGEST;
                    self.leave(open, good, || source.read_only());
                } else {
                    open.note_answer();
                }
                Err(Failure::Answer(error))
            }
            Ok(Ok(value)) => {
                open.note_answer();
                Ok(value)
            }
            Ok(Err(error)) => {
                self.leave(open, open.has_answered(), || source.lost());
                Err(Failure::broken(&error))
            }
            Err(_) => {
                if open.note_timeout() {
                    self.leave(open, open.has_answered(), || source.silent());
                }
                Err(Failure::TimedOut)
            }
        }
    }

    /// Finds out whether a connection still answers: until it does, or is given up.
    async fn check(self, mut open: Open, patience: Duration) {
        let ping = cmd("PING");
        while self.uses(&open) {
            let answer = timeout(patience, open.send(&ping)).await;
            let silent = answer.is_err();
            drop(self.judge(&open, answer));
            if !silent {
                break;
            }
        }
        open.end_check();
    }

    fn uses(&self, open: &Open) -> bool {
        matches!(&self.0.state.borrow().phase, Phase::Open(used) if used.is(open) && !used.has_ended())
    }

    /// Gives a connection up, unless somebody has done so already. One that was `good` is followed by another at once.
    fn leave(&self, left: &Open, good: bool, cause: impl FnOnce() -> Refusal) {
        self.0.state.send_if_modified(|state| match &state.phase {
            Phase::Open(open) if open.is(left) => {
                state.leave(good, cause);
                true
            }
            _ => false,
        });
    }
}

impl State {
    fn leave(&mut self, good: bool, cause: impl FnOnce() -> Refusal) {
        if good {
            (self.failures, self.phase) = (0, Phase::Closed);
        } else {
            self.fail(cause());
        }
    }

    fn fail(&mut self, cause: Refusal) {
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Resting(Instant::now() + rest(self.failures), Arc::new(cause));
    }
}

/// A call that waits for its answer. Dropped before, it leaves a check behind: where all callers have less patience than
/// the deadline, nobody else would learn that the connection is silent.
struct Waiting<'a> {
    link: &'a Link,
    open: Open,
    deadline: Instant,
    ended: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.ended || !self.open.begin_check() {
            return;
        }
        match Handle::try_current() {
            Ok(runtime) => {
                let patience = self.deadline.duration_since(Instant::now()).max(LEAST_PATIENCE);
                runtime.spawn(self.link.clone().check(self.open.clone(), patience));
            }
            Err(_) => self.open.end_check(),
        }
    }
}

/// A connection in the making. Dropped before it is done, as by a runtime that shuts down, it counts as a failure.
struct Opening(Option<Arc<Shared>>);

impl Opening {
    async fn run(mut self) {
        let Some(shared) = self.0.clone() else { return };
        let outcome = shared.source.open().await;
        self.0 = None;
        shared.settle(outcome);
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.settle(Err(shared.source.lost()));
        }
    }
}

impl Shared {
    fn settle(&self, outcome: Result<Open, Refusal>) {
        self.state.send_modify(|state| match (&state.phase, outcome) {
            (Phase::Shut, _) => {}
            (_, Ok(open)) => state.phase = Phase::Open(open),
            (_, Err(refusal)) => state.fail(refusal),
        });
    }
}
