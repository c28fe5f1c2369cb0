//! The states of a circuit, and what moves it from one to the next. Time is handed in.

use std::time::Duration;

use limiter_core::ErrorKind;
use tokio::time::Instant;

/// How long a probe is waited for before another may go.
const PATIENCE: Duration = Duration::from_secs(10);

/// A circuit: closed, with its failures in a row, or open.
#[derive(Debug)]
pub(super) struct Phase {
    /// Counts the changes between closed and open, from 1. Calls that began before the last change say nothing of now.
    epoch: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open(Open),
}

/// Since when, why and until when a circuit is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// The last failure of the store.
    pub(super) failure: ErrorKind,
    pub(super) since: Instant,
    /// When a probe may go.
    pub(super) until: Instant,
    /// The last probe, by its number.
    probe: u64,
    pub(super) probing: bool,
}

/// What a call brings back when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    epoch: u64,
    probe: Option<u64>,
}

/// What came of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Closed stays closed, or open open.
    None,
    /// It has opened.
    Opened,
    /// It is closed again, after so long.
    Closed(Duration),
}

impl Phase {
    pub(super) fn closed() -> Self {
        Self { epoch: 1, state: State::Closed { failures: 0 } }
    }

    /// The epoch, where the circuit is closed and nothing has failed lately.
    pub(super) fn calm(&self) -> Option<u64> {
        matches!(self.state, State::Closed { failures: 0 }).then_some(self.epoch)
    }

    /// Lets a call through, or tells why not. When the time has come, it is the probe; the next one has to wait until
    /// that has ended, or has taken too long.
    pub(super) fn admit(&mut self, now: Instant, open_for: Duration) -> Result<Ticket, Open> {
        match &mut self.state {
            State::Closed { .. } => Ok(Ticket::of(self.epoch)),
            State::Open(open) if now < open.until => Err(*open),
            State::Open(open) => {
                open.until = now + open_for.max(PATIENCE);
                open.probe += 1;
                open.probing = true;
                Ok(Ticket { epoch: self.epoch, probe: Some(open.probe) })
            }
        }
    }

    /// The store answered the call.
    pub(super) fn worked(&mut self, ticket: Ticket, now: Instant) -> Change {
        if ticket.epoch != self.epoch {
            return Change::None;
        }
        let change = match &self.state {
            State::Closed { .. } => Change::None,
            State::Open(open) => {
                self.epoch += 1;
                Change::Closed(now - open.since)
            }
        };
        self.state = State::Closed { failures: 0 };
        change
    }

    /// The store failed. After `most` failures in a row, or a failed probe, it is open until `until`.
    pub(super) fn failed(
        &mut self,
        ticket: Ticket,
        failure: ErrorKind,
        most: u32,
        now: Instant,
        until: Instant,
    ) -> Change {
        if ticket.epoch != self.epoch {
            return Change::None;
        }
        match &mut self.state {
            State::Closed { failures } if *failures + 1 < most => *failures += 1,
            State::Closed { .. } => {
                self.epoch += 1;
                self.state = State::Open(Open { failure, since: now, until, probe: 0, probing: false });
                return Change::Opened;
            }
            State::Open(open) if ticket.probe == Some(open.probe) => {
                *open = Open { failure, until, probing: false, ..*open };
            }
            State::Open(_) => {}
        }
        Change::None
    }

    /// The call told nothing of the store: its caller went, or it never got there. Where it was the probe, another may
    /// go at once.
    pub(super) fn told_nothing(&mut self, ticket: Ticket, now: Instant) {
        if ticket.epoch == self.epoch
            && let State::Open(open) = &mut self.state
            && ticket.probe == Some(open.probe)
        {
            open.until = now;
            open.probing = false;
        }
    }
}

impl Ticket {
    /// Of a call that isn't a probe.
    pub(super) const fn of(epoch: u64) -> Self {
        Self { epoch, probe: None }
    }

    pub(super) const fn is_probe(self) -> bool {
        self.probe.is_some()
    }
}
