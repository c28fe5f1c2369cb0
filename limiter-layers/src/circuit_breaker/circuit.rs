//! What the three parts of a backend share: whether the store is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::phase::{Change, Open, Phase, Ticket};

/// In `calm`: look at the phase.
const NOT_CALM: u64 = 0;

/// Counts failures of the store, and keeps calls from it while it is open.
#[derive(Debug)]
pub(super) struct Circuit {
    failures: u32,
    open_for: Duration,
    /// The epoch while the circuit is closed and nothing has failed, so that calls needn't lock. It follows the phase.
    calm: AtomicU64,
    phase: Mutex<Phase>,
}

/// A call that was let through. Dropped before it has ended, it tells nothing of the store.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    circuit: &'a Circuit,
    ticket: Option<Ticket>,
}

/// What an answer tells of the store.
enum Told {
    Works,
    Fails(ErrorKind),
    Nothing,
}

impl Circuit {
    /// A closed circuit, which opens after so many failures in a row.
    pub(super) fn new(failures: u32, open_for: Duration) -> Self {
        let phase = Phase::closed();
        let calm = AtomicU64::new(phase.calm().unwrap_or(NOT_CALM));
        Self { failures, open_for, calm, phase: Mutex::new(phase) }
    }

    /// Lets a call through, or says at once that the store isn't asked.
    pub(super) fn enter(&self, operation: &'static str) -> Result<Pass<'_>> {
        let epoch = self.calm.load(Ordering::Acquire);
        if epoch != NOT_CALM {
            return Ok(Pass { circuit: self, ticket: Some(Ticket::of(epoch)) });
        }
        let now = Instant::now();
        let admitted = self.lock().admit(now, self.open_for);
        match admitted {
            Ok(ticket) => Ok(Pass { circuit: self, ticket: Some(ticket) }),
            Err(open) => Err(refusal(operation, open, now)),
        }
    }

    fn worked(&self, ticket: Ticket) {
        if !ticket.is_probe() && self.calm.load(Ordering::Acquire) != NOT_CALM {
            return;
        }
        let change = self.change(|phase| phase.worked(ticket, Instant::now()));
        if let Change::Closed(after) = change {
            info!(?after, "circuit closed: the store answers again");
        }
    }

    fn failed(&self, ticket: Ticket, failure: ErrorKind) {
        let now = Instant::now();
        let until = now + self.some_time();
        let change = self.change(|phase| phase.failed(ticket, failure, self.failures, now, until));
        if change == Change::Opened {
            let (failures, failure) = (self.failures, failure.as_str());
            warn!(failures, failure, open_for = ?self.open_for, "circuit opened: the store isn't asked");
        } else {
            debug!(failure = failure.as_str(), probe = ticket.is_probe(), "the store failed");
        }
    }

    fn told_nothing(&self, ticket: Ticket) {
        if ticket.is_probe() {
            self.lock().told_nothing(ticket, Instant::now());
        }
    }

    fn change(&self, change: impl FnOnce(&mut Phase) -> Change) -> Change {
        let mut phase = self.lock();
        let change = change(&mut phase);
        self.calm.store(phase.calm().unwrap_or(NOT_CALM), Ordering::Release);
        change
    }

    /// How long it is open: up to a fifth longer at random, so that not all instances of a service probe at once.
    fn some_time(&self) -> Duration {
        self.open_for.mul_f64(1.0 + fastrand::f64() / 5.0)
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// The call has ended with this answer, which is passed on.
    pub(super) fn end<T>(mut self, answer: Result<T>) -> Result<T> {
        if let Some(ticket) = self.ticket.take() {
            match told(&answer) {
                Told::Works => self.circuit.worked(ticket),
                Told::Fails(failure) => self.circuit.failed(ticket, failure),
                Told::Nothing => self.circuit.told_nothing(ticket),
            }
        }
        answer
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.circuit.told_nothing(ticket);
        }
    }
}

/// A denial, a conflict and a store without room are answers of a store that works. What never got to the store tells
/// nothing of it.
fn told<T>(answer: &Result<T>) -> Told {
    let Err(error) = answer else {
        return Told::Works;
    };
    match error.kind() {
        kind @ (ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Protocol) => Told::Fails(kind),
        ErrorKind::Conflict | ErrorKind::Capacity => Told::Works,
        _ => Told::Nothing,
    }
}

#[cold]
fn refusal(operation: &'static str, open: Open, now: Instant) -> Error {
    let next = if open.probing {
        "it is being tried just now".to_owned()
    } else {
        format!("it is tried again in {} ms", (open.until - now).as_millis() + 1)
    };
    let message = format!("the circuit is open, and the store wasn't asked; {next}");
    Error::new(ErrorKind::Unavailable, message)
        .with_operation(operation)
        .with_context("open for", format_args!("{} ms", (now - open.since).as_millis()))
        .with_context("last failure", open.failure)
}
