//! What there is of connections.

use std::sync::Arc;

use limiter_remote::backoff::rest;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::idle::Idle;
use crate::error::Refusal;

/// What there is of connections.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The one that was used last comes last, and is used next.
    idle: Vec<Idle>,
    /// Those in use and the idle ones.
    live: u32,
    opening: u32,
    /// Permits of callers who were told to come later.
    held_back: usize,
    /// How often in a row none could be made.
    failures: u32,
    /// Nobody tries until then.
    resting: Option<(Instant, Arc<Refusal>)>,
    shut: bool,
}

/// What whose turn it is gets.
pub(super) enum Next {
    Idle(Idle, OwnedSemaphorePermit),
    /// The right to make one.
    Open(OwnedSemaphorePermit),
    /// None can be had now.
    Refused(Arc<Refusal>),
    /// None can be made now, or somebody is trying whether one can; there are others to wait for, and from then on one
    /// may be made again.
    Later(Option<Instant>),
}

impl State {
    pub(super) fn next(&mut self, permit: OwnedSemaphorePermit) -> Next {
        if let Some(idle) = self.idle.pop() {
            return Next::Idle(idle, permit);
        }
        if let Some((until, refusal)) = self.rest() {
            if self.live == 0 && self.opening == 0 {
                return Next::Refused(refusal);
            }
            return self.later(permit, Some(until));
        }
        if self.failures > 0 && self.opening > 0 {
            return self.later(permit, None);
        }
        self.opening += 1;
        Next::Open(permit)
    }

    /// Why none can be had now, where there is none either.
    pub(super) fn refusal(&self) -> Option<Arc<Refusal>> {
        if self.live == 0 && self.opening == 0 { self.rest().map(|(_, refusal)| refusal) } else { None }
    }

    /// The first one was made, before anybody had asked for it.
    pub(super) fn opened(&mut self) {
        self.live += 1;
    }

    /// One was made, or not. Whoever was told to come later may come now.
    pub(super) fn settle(&mut self, refusal: Option<&Arc<Refusal>>) {
        self.opening -= 1;
        match refusal {
            None => {
                self.live += 1;
                (self.failures, self.resting) = (0, None);
            }
            // Of several that fail together one counts.
            Some(_) if self.rest().is_some() => {}
            Some(refusal) => {
                self.failures = self.failures.saturating_add(1);
                self.resting = Some((Instant::now() + rest(self.failures), Arc::clone(refusal)));
            }
        }
    }

    /// One is idle from now on; those that nobody has needed for long are handed out, to be closed.
    pub(super) fn give_back(&mut self, idle: Idle) -> Vec<Idle> {
        if self.shut {
            self.live -= 1;
            return vec![idle];
        }
        self.idle.push(idle);
        let needless = self.idle.iter().take_while(|idle| idle.is_needless()).count();
        self.live -= u32::try_from(needless).unwrap_or_default();
        self.idle.drain(..needless).collect()
    }

    /// One that was in use is closed.
    pub(super) fn lose(&mut self) {
        self.live -= 1;
    }

    /// All that are idle, to be closed.
    pub(super) fn lose_idle(&mut self) -> Vec<Idle> {
        self.live -= u32::try_from(self.idle.len()).unwrap_or_default();
        std::mem::take(&mut self.idle)
    }

    pub(super) fn shut(&mut self) -> Vec<Idle> {
        self.shut = true;
        self.lose_idle()
    }

    /// How many permits are to be given back.
    pub(super) fn restored(&mut self) -> usize {
        std::mem::take(&mut self.held_back)
    }

    /// Whether there are any connections.
    pub(super) fn has_any(&self) -> bool {
        self.live > 0
    }

    /// Why the last one couldn't be made, if none was made since.
    pub(super) fn last_refusal(&self) -> Option<Arc<Refusal>> {
        self.resting.as_ref().map(|(_, refusal)| Arc::clone(refusal))
    }

    /// Whether there are as many connections as there may be.
    pub(super) fn all_in_use(&self, size: u32) -> bool {
        self.live >= size
    }

    fn later(&mut self, permit: OwnedSemaphorePermit, until: Option<Instant>) -> Next {
        permit.forget();
        self.held_back += 1;
        Next::Later(until)
    }

    fn rest(&self) -> Option<(Instant, Arc<Refusal>)> {
        self.resting.clone().filter(|(until, _)| Instant::now() < *until)
    }
}
