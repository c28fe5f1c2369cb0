//! Calls that wait for the next statement, and the rows of those under way.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::asked::Asked;
use super::batch::Batch;
use super::driven::Driven;
use super::line::Line;

/// So many statements are under way at a time, beside those that wait for rows.
const LANES: usize = 2;
/// So many calls wait at most: what is more couldn't be answered in time.
pub(super) const LONGEST: usize = 16_384;
/// The most calls and rows of one statement: some milliseconds of the server's time.
const CALLS: usize = 512;
const ROWS: usize = 1_024;

/// Calls that wait for the next statement, and the rows of those under way.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Asked>,
    /// Hashes of the rows of statements under way: who wants them too waits here, not on the server.
    under_way: HashSet<u64>,
    /// The call that its caller sends.
    alone: Option<Arc<Driven>>,
    lanes: usize,
    /// Lanes that are still there, and have nothing to do.
    resting: usize,
    /// Calls over rows that somebody else holds, by that row, and how many there are of them.
    held: HashMap<Vec<u8>, VecDeque<Asked>>,
    holding: usize,
    closed: bool,
}

/// What is to be done about a call that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: a statement that is under way takes it along when it is done.
    Nothing,
    /// A lane that rests is to be woken.
    Wake,
    /// A lane is to be started.
    Start,
}

/// Why a call isn't taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too many wait already.
    Full,
    /// Nothing is sent any more.
    Closed,
}

impl Queue {
    /// Takes a call in.
    pub(super) fn push(&mut self, asked: Asked) -> Result<Next, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if self.waiting.len() + self.holding >= LONGEST {
            return Err(Refused::Full);
        }
        if let Some(row) = self.held_row(&asked) {
            self.hold(row, asked);
            return Ok(Next::Nothing);
        }
        let blocked = !self.under_way.is_empty() && self.is_under_way(asked.rows());
        self.waiting.push_back(asked);
        Ok(if blocked { Next::Nothing } else { self.next() })
    }

    /// Where a call over these rows would be the only one they are under way from now on, and its caller sends it.
    pub(super) fn begin_alone(&mut self, rows: &[u64]) -> Option<Arc<Driven>> {
        let busy = self.lanes > self.resting || !self.under_way.is_empty() || !self.waiting.is_empty();
        if busy || !self.held.is_empty() || self.closed {
            return None;
        }
        self.under_way.extend(rows);
        self.alone = Some(Arc::default());
        self.alone.clone()
    }

    /// The call that its caller sends, the first time that somebody else has come.
    pub(super) const fn take_alone(&mut self) -> Option<Arc<Driven>> {
        self.alone.take()
    }

    /// A call that was the only one is done; what is to be done about those that have come meanwhile.
    pub(super) fn done_alone(&mut self, rows: &[u64]) -> Next {
        self.alone = None;
        self.done(rows);
        if self.waiting.is_empty() { Next::Nothing } else { self.next() }
    }

    /// The next statement's calls, in the order in which they came, and their rows: none whose rows are under way, or
    /// wanted by one that came before and stays. A lane that gets none rests from now on, so that who comes next wakes it.
    pub(super) fn take(&mut self) -> (Batch, Vec<u64>) {
        let (mut taken, mut stays) = (Vec::new(), VecDeque::new());
        let (mut rows, mut passed) = (HashSet::<u64>::new(), HashSet::<u64>::new());
        while let Some(asked) = self.waiting.pop_front() {
            if taken.len() >= CALLS || rows.len() + asked.rows().len() > ROWS {
                self.waiting.push_front(asked);
                break;
            }
            if self.is_under_way(asked.rows()) || asked.rows().iter().any(|row| passed.contains(row)) {
                passed.extend(asked.rows());
                stays.push_back(asked);
            } else {
                rows.extend(asked.rows());
                taken.push(asked);
            }
        }
        stays.append(&mut self.waiting);
        self.waiting = stays;
        self.under_way.extend(&rows);
        self.resting += usize::from(rows.is_empty());
        (Batch::new(taken), rows.into_iter().collect())
    }

    /// The rows of a statement that is done.
    pub(super) fn done(&mut self, rows: &[u64]) {
        for row in rows {
            self.under_way.remove(row);
        }
    }

    /// A lane waits no more.
    pub(super) const fn rested(&mut self) {
        self.resting = self.resting.saturating_sub(1);
    }

    /// Ends a lane that has rested, unless something has come meanwhile; whether it has ended. Who comes after this
    /// starts another.
    pub(super) fn end_idle(&mut self, woken: bool) -> bool {
        let goes_on = !self.waiting.is_empty() || woken && !self.closed;
        if !goes_on {
            self.end();
        }
        !goes_on
    }

    /// A lane has ended with its runtime. What waits is given back where it was the last.
    pub(super) fn abort(&mut self) {
        self.end();
        if self.lanes == 0 {
            self.waiting.drain(..).for_each(Asked::give_back);
        }
    }

    const fn end(&mut self) {
        self.lanes = self.lanes.saturating_sub(1);
    }

    /// From now on nothing is sent but what waits already.
    pub(super) const fn close(&mut self) {
        self.closed = true;
    }

    /// Keeps a call for when a row is had; whether nobody waits for that row yet.
    pub(super) fn hold(&mut self, row: Vec<u8>, asked: Asked) -> bool {
        let first = !self.held.contains_key(&row);
        self.held.entry(row).or_default().push_back(asked);
        self.holding += 1;
        first
    }

    /// The calls over a held row, for its next statement; `None` ends the waiting for it.
    pub(super) fn take_held(&mut self, row: &[u8]) -> Option<Batch> {
        loop {
            let calls = self.held.get_mut(row)?;
            let count = calls.len().min(CALLS);
            self.holding -= count;
            let batch = Batch::new(calls.drain(..count));
            if !batch.is_empty() {
                return Some(batch);
            }
            if calls.is_empty() {
                self.held.remove(row);
            }
        }
    }

    /// Gives the calls over a held row back, since nobody waits for it any more.
    pub(super) fn abort_held(&mut self, row: &[u8]) {
        let calls = self.held.remove(row).unwrap_or_default();
        self.holding -= calls.len();
        calls.into_iter().for_each(Asked::give_back);
    }

    fn next(&mut self) -> Next {
        if self.resting > 0 {
            Next::Wake
        } else if self.lanes < LANES {
            self.lanes += 1;
            Next::Start
        } else {
            Next::Nothing
        }
    }

    fn held_row(&self, asked: &Asked) -> Option<Vec<u8>> {
        if self.held.is_empty() {
            return None;
        }
        let mut rows = asked.lines().iter().map(Line::counter);
        rows.find(|row| self.held.contains_key(*row)).map(<[u8]>::to_vec)
    }

    fn is_under_way(&self, rows: &[u64]) -> bool {
        rows.iter().any(|row| self.under_way.contains(row))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn who_comes_when_all_lanes_have_found_nothing_wakes_one() {
        let mut queue = Queue { lanes: LANES, ..Queue::default() };
        for _ in 0..LANES {
            assert!(queue.take().0.is_empty());
        }
        let (asked, _answer) = Asked::new(Vec::new(), vec![7], Instant::now());
        assert_eq!(queue.push(asked).unwrap(), Next::Wake);
        queue.rested();
        assert_eq!(queue.take().1, [7]);
        assert_eq!(queue.resting, LANES - 1);
    }
}
