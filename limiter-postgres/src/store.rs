//! A store as the three limiters see it: a way to the server, names, and whose clock counts.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Clock, Result};
use sqlx::postgres::PgRow;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::call::{Argument, Call};
use crate::connection::Connection;
use crate::error::Failure;
use crate::key::Names;
use crate::turns::Turns;

/// How often a call that lost a deadlock or the like is sent again. Nothing was done then.
const RETRIES: u32 = 3;
/// How often a call that has waited for one row may find another held. After that it waits for all its rows in turn, each
/// for [`BRIEFLY`] at most: others want those that it has meanwhile.
const SINGLE_WAITS: u32 = 3;
const BRIEFLY: Duration = Duration::from_millis(50);
/// How long one statement waits for a row. Then it makes room for those that wait for others.
const SLICE: Duration = Duration::from_millis(100);
/// So much sooner than its caller the server gives up waiting for a row, so that it is known that nothing was done; but
/// of a short response timeout a [`SHARE`].
const SOONER: Duration = Duration::from_millis(40);
const SHARE: u32 = 4;

/// A store as the three limiters see it.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) connection: Connection,
    pub(crate) names: Names,
    /// Handed in by tests; else the server's own clock counts.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) turns: Turns,
    pub(crate) response_timeout: Duration,
}

/// What to do about rows that somebody else holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Wait for none.
    Not,
    /// Wait for none, and where it is the only one for who is just making it, for [`BRIEFLY`].
    Hardly,
    /// Wait for the one in this place, from 1 on, before any is had, and for no other.
    For(usize, Duration),
    /// Wait for each in turn, so long at most.
    Each(Duration),
}

impl Store {
    /// Runs a function that locks nothing. Its last parameter is `at_ms`, which is added here.
    pub(crate) async fn read(&self, call: Call) -> Result<Vec<PgRow>> {
        let (operation, changes) = (call.operation(), call.changes());
        let answer = self.connection.run(call.with(self.time()), self.deadline()).await;
        answer.map_err(|failure| failure.into_error(operation, changes))
    }

    /// Runs a function that locks these rows. Its last parameters are `durable`, `wait`, `lock_ms` and `at_ms`, which
    /// are added here. `rows` names them in the order in which the function is given them, each once.
    ///
    /// A row that somebody else holds is waited for by one statement at a time, which holds no other meanwhile.
    pub(crate) async fn change(&self, durable: bool, rows: &[Vec<u8>], call: Call) -> Result<Vec<PgRow>> {
        let (operation, changes) = (call.operation(), call.changes());
        let (call, deadline) = (call.with(Argument::Flag(durable)), self.deadline());
        let held = match self.first_waited_for(rows) {
            Some(place) => Err(Failure::Held(place)),
            None => self.repeat(deadline, &call, Wait::Not).await,
        };
        let answer = match held {
            Err(Failure::Held(place)) => self.in_turn(deadline, rows, call, place).await,
            answer => answer,
        };
        answer.map_err(|failure| failure.into_error(operation, changes))
    }

    /// As [`Store::change`], but waits for nobody: where somebody else holds a row nothing is done, and its place is told,
    /// from 1 on.
    pub(crate) async fn change_now(&self, durable: bool, call: Call) -> Result<Result<Vec<PgRow>, usize>> {
        let (operation, changes) = (call.operation(), call.changes());
        match self.repeat(self.deadline(), &call.with(Argument::Flag(durable)), Wait::Not).await {
            Ok(rows) => Ok(Ok(rows)),
            Err(Failure::Held(place)) => Ok(Err(place)),
            Err(failure) => Err(failure.into_error(operation, changes)),
        }
    }

    /// The time that was handed in, as an argument.
    pub(crate) fn time(&self) -> Argument {
        Argument::Number(self.clock.as_ref().map(|clock| clock.now_ms().cast_signed()))
    }

    /// When a call that begins now has to be answered.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.response_timeout
    }

    /// How to wait for the row in a place, after so many waits; `None` when there is no time left.
    pub(crate) fn wait_for(&self, place: usize, waits: u32, deadline: Instant) -> Option<Wait> {
        let patience = self.patience(deadline)?;
        let for_one = waits < SINGLE_WAITS;
        Some(if for_one { Wait::For(place, patience.min(SLICE)) } else { Wait::Each(patience.min(BRIEFLY)) })
    }

    /// Whether there is time left to wait for a row.
    pub(crate) fn has_time(&self, deadline: Instant) -> bool {
        self.patience(deadline).is_some()
    }

    fn patience(&self, deadline: Instant) -> Option<Duration> {
        patience(deadline.saturating_duration_since(Instant::now()), self.response_timeout)
    }

    /// Waits in a task of its own, which ends with the caller: one that isn't polled would keep its turn from all others.
    async fn in_turn(
        &self,
        deadline: Instant,
        rows: &[Vec<u8>],
        call: Call,
        place: usize,
    ) -> Result<Vec<PgRow>, Failure> {
        let (store, rows) = (self.clone(), rows.to_vec());
        let mut waiting = JoinSet::new();
        waiting.spawn(async move { store.once_had(deadline, &rows, &call, place).await });
        let ended = waiting.join_next().await.and_then(Result::ok);
        ended.unwrap_or_else(|| Err(Failure::ended()))
    }

    /// Sends a call once the row in a place is had, and so on with those that are held then.
    async fn once_had(
        &self,
        deadline: Instant,
        rows: &[Vec<u8>],
        call: &Call,
        mut place: usize,
    ) -> Result<Vec<PgRow>, Failure> {
        let mut waits = 0;
        loop {
            let row = place.checked_sub(1).and_then(|index| rows.get(index)).ok_or(Failure::Held(place))?;
            let turn = timeout_at(deadline, self.turns.turn(row)).await;
            let _turn = turn.map_err(|_| Failure::LockTimeout)?;
            match self.have(deadline, call, place, waits).await {
                Err(Failure::Held(other)) if other != place => (waits, place) = (waits + 1, other),
                Err(Failure::Held(_) | Failure::LockTimeout) if self.has_time(deadline) => waits = 0,
                answer => return answer,
            }
        }
    }

    /// Sends a call whose turn it is to have a row. Where nobody else has it by now, nothing waits on the server.
    async fn have(
        &self,
        deadline: Instant,
        call: &Call,
        place: usize,
        waits: u32,
    ) -> Result<Vec<PgRow>, Failure> {
        match self.repeat(deadline, call, Wait::Not).await {
            Err(Failure::Held(other)) if other == place => {}
            answer => return answer,
        }
        let connection = timeout_at(deadline, self.turns.connection()).await;
        let _connection = connection.map_err(|_| Failure::LockTimeout)?;
        let wait = self.wait_for(place, waits, deadline).ok_or(Failure::LockTimeout)?;
        self.repeat(deadline, call, wait).await
    }

    fn first_waited_for(&self, rows: &[Vec<u8>]) -> Option<usize> {
        self.turns.waited_for(rows).map(|index| index + 1)
    }

    /// Sends a call, and again where nothing was done.
    async fn repeat(&self, deadline: Instant, call: &Call, wait: Wait) -> Result<Vec<PgRow>, Failure> {
        let mut retries = 0;
        loop {
            let call = wait.arguments().into_iter().fold(call.clone(), Call::with).with(self.time());
            match self.connection.run(call, deadline).await {
                Err(Failure::NothingDone(_)) if retries < RETRIES => retries += 1,
                answer => return answer,
            }
        }
    }
}

impl Wait {
    /// As the parameters `wait` and `lock_ms`.
    pub(crate) fn arguments(self) -> [Argument; 2] {
        let ms = |time: Duration| Some(i64::try_from(time.as_millis()).unwrap_or(i64::MAX).max(1));
        let (wait, lock_ms) = match self {
            Self::Not => (Some(0), None),
            Self::Hardly => (Some(0), ms(BRIEFLY)),
            Self::For(place, time) => (i64::try_from(place).ok(), ms(time)),
            Self::Each(time) => (None, ms(time)),
        };
        [Argument::Number(wait), Argument::Number(lock_ms)]
    }
}

/// How long a row may be waited for with so much time left; `None` when that isn't enough.
fn patience(left: Duration, response_timeout: Duration) -> Option<Duration> {
    left.checked_sub(SOONER.min(response_timeout / SHARE)).filter(|patience| !patience.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_waited_for_however_short_the_response_timeout_is() {
        let ms = Duration::from_millis;
        for (timeout, wait) in [(ms(1), Duration::from_micros(750)), (ms(40), ms(30)), (ms(1000), ms(960))] {
            assert_eq!(patience(timeout, timeout), Some(wait));
        }
        assert_eq!(patience(ms(10), ms(40)), None);
        assert_eq!(patience(ms(9), ms(40)), None);
    }
}
