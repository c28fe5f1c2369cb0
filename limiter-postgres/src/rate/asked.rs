//! A call that waits for its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use limiter_core::{Error, ErrorKind, Result};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, timeout_at};

use super::line::Line;

/// Longer than a statement takes whose server doesn't answer, so that its own error is told.
const MARGIN: Duration = Duration::from_millis(50);

const QUEUED: u8 = 0;
const SENT: u8 = 1;
const GIVEN_UP: u8 = 2;

/// What became of a call.
#[derive(Debug)]
pub(super) enum Told {
    /// Its lines again, and the numbers that were told of them; or why there are none.
    Answer(Result<(Vec<Line>, Vec<i64>)>),
    /// Its lines again: who was to send it has ended with its runtime, and the caller's own goes on.
    Unsent(Vec<Line>),
}

/// A call whose caller waits.
#[derive(Debug)]
pub(super) struct Asked {
    lines: Vec<Line>,
    /// Hashes of its rows.
    rows: Vec<u64>,
    deadline: Instant,
    /// How often it had waited for a row, and found another held.
    waits: u32,
    phase: Arc<AtomicU8>,
    answer: oneshot::Sender<Told>,
}

/// Where the caller waits. Dropped before the call is sent, it takes the call back.
#[derive(Debug)]
pub(super) struct Answer {
    deadline: Instant,
    phase: Arc<AtomicU8>,
    told: oneshot::Receiver<Told>,
}

impl Asked {
    /// A call over rows of these hashes, to be answered by then.
    pub(super) fn new(lines: Vec<Line>, rows: Vec<u64>, deadline: Instant) -> (Self, Answer) {
        let (sender, receiver) = oneshot::channel();
        let phase = Arc::new(AtomicU8::new(QUEUED));
        let answer = Answer { deadline, phase: Arc::clone(&phase), told: receiver };
        (Self { lines, rows, deadline, waits: 0, phase, answer: sender }, answer)
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Hashes of its rows.
    pub(super) fn rows(&self) -> &[u64] {
        &self.rows
    }

    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(super) const fn waits(&self) -> u32 {
        self.waits
    }

    /// It has waited for a row, and another is held; or that one still is.
    pub(super) const fn note_wait(&mut self, another: bool) {
        self.waits = if another { self.waits + 1 } else { 0 };
    }

    /// Marks it as sent; not if its caller has given up.
    pub(super) fn send(&self) -> bool {
        self.phase.compare_exchange(QUEUED, SENT, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Marks it as waiting again, since nothing was done; not if its caller has given up.
    pub(super) fn requeue(&mut self) -> bool {
        self.phase.store(QUEUED, Ordering::Release);
        !self.answer.is_closed()
    }

    /// Tells the caller, if it still waits.
    pub(super) fn tell(self, told: Result<Vec<i64>>) {
        let lines = self.lines;
        self.answer.send(Told::Answer(told.map(|told| (lines, told)))).ok();
    }

    /// Gives it back to its caller, since nobody is there to send it.
    pub(super) fn give_back(self) {
        self.answer.send(Told::Unsent(self.lines)).ok();
    }
}

impl Answer {
    /// Waits for it, a moment longer than the call may take.
    pub(super) async fn wait(mut self) -> Told {
        match timeout_at(self.deadline + MARGIN, &mut self.told).await {
            Ok(Ok(told)) => told,
            Ok(Err(_)) => self.unanswered(ErrorKind::Internal, "the runtime ended that has sent it"),
            Err(_) => self.unanswered(ErrorKind::Timeout, "no answer within the response timeout"),
        }
    }

    fn unanswered(&self, kind: ErrorKind, text: &str) -> Told {
        let error = Error::new(kind, text);
        Told::Answer(Err(if self.give_up() { error } else { error.possibly_charged() }))
    }

    /// Takes the call back, unless it was sent already.
    fn give_up(&self) -> bool {
        self.phase.compare_exchange(QUEUED, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.give_up();
    }
}
