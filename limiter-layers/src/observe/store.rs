//! Whether the store answers.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use limiter_core::{ErrorKind, Result, Source};

use super::answer::Answer;
use super::operation::Operation;

/// What the last call learned of the store.
#[derive(Debug, Default)]
pub(super) struct Store {
    state: AtomicU8,
    /// Held while a change is told, so that the last one told is the last one that happened.
    telling: Mutex<()>,
}

const UNKNOWN: u8 = 0;
const UP: u8 = 1;
const DOWN: u8 = 2;

impl Store {
    /// Takes note; where that changes anything, tells whether the store was known before and whether it is up.
    pub(super) fn learn(&self, up: bool, tell: impl FnOnce(bool)) {
        let state = if up { UP } else { DOWN };
        if self.state.load(Ordering::Relaxed) == state {
            return;
        }
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state.swap(state, Ordering::Relaxed);
        if before != state {
            tell(before != UNKNOWN);
        }
    }
}

/// Whether the store is up, as far as an answer tells. One from a cache doesn't, nor an error that was found before
/// anything was sent, nor an answer that doesn't say where it comes from: a release may only wait to be sent.
pub(super) fn is_up<T: Answer>(operation: Operation, answer: &Result<T>) -> Option<bool> {
    match answer {
        Ok(answer) => match answer.source() {
            Some(Source::Store | Source::Overflow) => Some(true),
            Some(Source::Fallback | Source::Uncounted) => Some(false),
            Some(_) => None,
            None => (operation == Operation::Ping).then_some(true),
        },
        Err(error) => match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Timeout => Some(false),
            ErrorKind::Capacity | ErrorKind::Conflict | ErrorKind::Protocol => Some(true),
            _ => None,
        },
    }
}
