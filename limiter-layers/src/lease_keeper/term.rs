//! Until when a holder may rely on its lease: what the keeper's task and a guard share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// A time that moves forward with each renewal, until it is over once and for all.
#[derive(Debug)]
pub(super) struct Term {
    ends: Mutex<Option<Instant>>,
    over: Notify,
}

impl Term {
    pub(super) fn until(ends: Instant) -> Self {
        Self { ends: Mutex::new(Some(ends)), over: Notify::new() }
    }

    /// Whether it is over. It looks at the clock itself: where nobody ran for a while, the keeper's task didn't
    /// either.
    pub(super) fn is_over(&self) -> bool {
        let ends = *self.lock();
        match ends {
            Some(ends) if Instant::now() < ends => false,
            Some(_) => {
                self.end();
                true
            }
            None => true,
        }
    }

    /// Moves its end; never back. `false` when it is over: an answer that comes too late changes nothing.
    pub(super) fn extend(&self, ends: Instant) -> bool {
        let mut current = self.lock();
        match *current {
            Some(earlier) if Instant::now() < earlier => {
                *current = Some(ends.max(earlier));
                true
            }
            _ => false,
        }
    }

    /// Ends it for good and tells everybody who waits.
    pub(super) fn end(&self) {
        *self.lock() = None;
        self.over.notify_waiters();
    }

    /// Completes when it is over.
    pub(super) async fn over(&self) {
        // Listens before it looks, so that an end in between isn't missed.
        let told = self.over.notified();
        if !self.is_over() {
            told.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_late_extension_changes_nothing_even_if_nobody_has_looked() {
        let term = Term::until(Instant::now() + S);
        tokio::time::advance(S).await;
        assert!(!term.extend(Instant::now() + S), "it had run out");
        assert!(term.is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn once_ended_it_stays_so() {
        let term = Term::until(Instant::now() + S);
        term.end();
        assert!(!term.extend(Instant::now() + 2 * S));
        assert!(term.is_over());
        assert!(tokio::time::timeout(S, term.over()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_overtaken_takes_nothing_back() {
        let term = Term::until(Instant::now() + S);
        assert!(term.extend(Instant::now() + 3 * S));
        assert!(term.extend(Instant::now() + 2 * S));
        tokio::time::advance(2 * S).await;
        assert!(!term.is_over());
    }
}
