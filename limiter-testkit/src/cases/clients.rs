//! The clients of one store: the candidate's own, a second one, copies of the test program, and one after a restart.

use std::fmt;
use std::io;
use std::time::Duration;

use limiter_core::{Backend, Clock, Key, Limit, Result};
use tokio::time::Instant;

use crate::broken::{Broken, Kept};
use crate::candidate::Candidate;
use crate::processes::Crowd;
use crate::processes::work::{Order, Work};
use crate::trial::{Promise, Trial};

/// The longest window: nothing passes in it while a case runs.
const LONG: Duration = Duration::from_secs(366 * 86_400);
/// How far apart two readings of the store's clock may lie although they were taken together, where it isn't handed in.
const APART_MS: u64 = 1000;

/// The clients of one store.
pub(super) struct Clients<'a> {
    candidate: &'a Candidate,
    promise: Promise,
}

impl<'a> Clients<'a> {
    pub(super) fn new(candidate: &'a Candidate, trial: &Trial, words: &'static str) -> Self {
        Self { candidate, promise: trial.promise(words) }
    }

    /// The candidate's own client.
    pub(super) const fn first(&self) -> &'a Backend {
        self.candidate.backend()
    }

    /// Another client of the same store in this process.
    pub(super) fn other(&self) -> Kept<&'a Backend> {
        let missing = || self.missing("a second client", "Candidate::with_other_client");
        self.candidate.other_client().ok_or_else(missing)
    }

    /// A client after the store has ended as by a crash and is there again.
    pub(super) async fn restarted(&self) -> Kept<Backend> {
        let backend = self.candidate.restarted().await;
        backend.ok_or_else(|| self.missing("the store to restart", "Candidate::with_restart"))
    }

    /// So many copies of the test program, each with a client of its own.
    pub(super) async fn processes(&self, copies: usize) -> Kept<Processes> {
        let store = self.candidate.store();
        let store = store.ok_or_else(|| self.missing("other processes", "Candidate::with_store"))?;
        let test = self.candidate.copies();
        let test = test.ok_or_else(|| self.missing("other processes", "Candidate::with_copies"))?;
        let promise = self.promise.clone();
        let started = Crowd::start(test, store, copies).await;
        let crowd = started.map_err(|error| not_working(&promise, &error))?;
        Ok(Processes { promise, crowd })
    }

    /// A key that nobody else has.
    pub(super) fn key(&self, who: &str) -> Kept<Key> {
        self.promise.key(who)
    }

    /// One limit of each algorithm over the longest window.
    pub(super) fn one_of_each(max: u64) -> Kept<[Limit; 4]> {
        Ok([
            Limit::fixed_window(max, LONG)?,
            Limit::sliding_window(max, LONG)?,
            Limit::sliding_log(max, LONG)?,
            Limit::token_bucket(max, LONG)?,
        ])
    }

    /// A time to live that passes within the case: a minute by a clock that is handed in, else a second.
    pub(super) const fn short_ttl(&self) -> Duration {
        Duration::from_secs(if self.promise.clock().is_some() { 60 } else { 1 })
    }

    /// An answer; an error breaks the promise.
    pub(super) fn got<T>(&self, asked: &str, answer: Result<T>) -> Kept<T> {
        answer.map_err(|error| self.promise.broken(asked, "an answer", error))
    }

    /// Breaks the promise when that isn't so.
    pub(super) fn expect(
        &self,
        met: bool,
        asked: &str,
        wanted: impl fmt::Display,
        got: impl fmt::Display,
    ) -> Kept {
        if met { Ok(()) } else { Err(self.promise.broken(asked, wanted, got)) }
    }

    /// Breaks the promise when what the other client read, taken between two of the first client's, doesn't lie
    /// between them: to the millisecond by a clock that is handed in, else within a second.
    pub(super) fn expect_between(&self, asked: &str, [before, between, after]: [u64; 3]) -> Kept {
        let apart_ms = if self.promise.clock().is_some() { 0 } else { APART_MS };
        let wanted = before.min(after).saturating_sub(apart_ms)..=before.max(after) + apart_ms;
        let words = format!("{} to {}", wanted.start(), wanted.end());
        self.expect(wanted.contains(&between), asked, words, between)
    }

    /// Asks until it comes to 0: at once after moving the clock that was handed in, else for that time and a second
    /// more.
    pub(super) async fn ends_at_0<F, A>(&self, asked: &str, ttl: Duration, ask: F) -> Kept
    where
        F: Fn() -> A,
        A: Future<Output = Result<u64>>,
    {
        let deadline = Instant::now() + ttl + Duration::from_secs(1);
        if let Some(clock) = self.promise.clock() {
            clock.advance(ttl);
            let left = self.got(asked, ask().await)?;
            return self.expect(left == 0, asked, "0", left);
        }
        loop {
            let late = Instant::now() > deadline;
            let left = self.got(asked, ask().await)?;
            if left == 0 {
                return Ok(());
            }
            self.expect(!late, asked, format_args!("0 within {ttl:?} and a second more"), left)?;
            self.promise.pause(20).await;
        }
    }

    fn missing(&self, wanted: &str, method: &str) -> Broken {
        self.promise.broken("the candidate", wanted, format_args!("none: call `{method}`"))
    }
}

/// Copies of the test program at work.
pub(super) struct Processes {
    promise: Promise,
    crowd: Crowd,
}

impl Processes {
    /// Gives one of them work.
    pub(super) async fn tell(&mut self, copy: usize, work: Work) -> Kept {
        let order = self.order(work);
        let told = self.crowd.tell(copy, &order).await;
        told.map_err(|error| not_working(&self.promise, &error))
    }

    /// Gives all of them the same work at once, and adds up what they tell.
    pub(super) async fn all(&mut self, work: Work) -> Kept<u64> {
        let order = self.order(work);
        let told = self.crowd.tell_all(&order).await;
        told.map_err(|error| not_working(&self.promise, &error))?;
        self.sum().await
    }

    /// Adds up what each tells next.
    pub(super) async fn sum(&mut self) -> Kept<u64> {
        let told: Vec<u64> =
            self.crowd.one_each().await.map_err(|error| not_working(&self.promise, &error))?;
        Ok(told.iter().sum())
    }

    /// What one tells next; `None` once it is gone.
    pub(super) async fn next(&mut self, copy: usize) -> Kept<Option<u64>> {
        self.crowd.next(copy).await.map_err(|error| not_working(&self.promise, &error))
    }

    /// Ends one with SIGKILL.
    pub(super) async fn kill(&mut self, copy: usize) -> Kept {
        self.crowd.kill(copy).await.map_err(|error| not_working(&self.promise, &error))
    }

    pub(super) async fn end(self) -> Kept {
        self.crowd.end().await.map_err(|error| not_working(&self.promise, &error))
    }

    fn order(&self, work: Work) -> Order {
        Order { clock_ms: self.promise.clock().map(Clock::now_ms), work }
    }
}

fn not_working(promise: &Promise, error: &io::Error) -> Broken {
    promise.broken("copies of the test program", "that they start and do their work", error)
}
