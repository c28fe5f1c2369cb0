//! Settles of which nobody knows whether they were executed.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use limiter_core::algorithm::SETTLED_MEMORY_MS;
use limiter_core::{Error, ErrorKind, ReservationId, Result, Settlement};
use tokio::time::Instant;

use super::errand::Errand;
use super::queue::Queue;
use super::settle::Settle;

const SETTLED_MEMORY: Duration = Duration::from_millis(SETTLED_MEMORY_MS);

/// A bounded memory of them, for as long as their callers may repeat them: one that is repeated isn't one that was
/// never sent.
#[derive(Debug)]
pub(super) struct Uncertain {
    settles: Mutex<Settles>,
    /// To be read without the lock: until a settle fails it is 0.
    count: AtomicUsize,
    most: usize,
}

#[derive(Debug, Default)]
struct Settles {
    by_id: HashMap<ReservationId, Vec<Settle>>,
    /// Until when each is remembered, about in this order.
    until: VecDeque<(Instant, ReservationId)>,
}

/// A settle that is being sent. Dropped before it has ended, it may have been executed.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    uncertain: &'a Uncertain,
    queue: &'a Queue<Settle>,
    settlement: &'a Settlement,
    pub(super) sent: Instant,
    is_certain: bool,
}

impl Uncertain {
    pub(super) fn new(most: usize) -> Self {
        Self { settles: Mutex::default(), count: AtomicUsize::new(0), most }
    }

    /// To be called before a settle is sent that may be queued by another call meanwhile.
    pub(super) fn attempt<'a>(&'a self, settlement: &'a Settlement, queue: &'a Queue<Settle>) -> Attempt<'a> {
        Attempt { uncertain: self, queue, settlement, sent: Instant::now(), is_certain: false }
    }

    /// A settle that is to wait, in parts: those that may have been executed before, and what certainly wasn't.
    pub(super) fn parts(&self, settle: Settle) -> Vec<Settle> {
        let known = self.of(settle.id());
        let (mut parts, mut rest) = (Vec::new(), Some(settle));
        for known in known {
            let Some(settle) = rest.take() else { break };
            let (both, others) = settle.split(&known);
            parts.extend(both);
            rest = others;
        }
        parts.extend(rest);
        parts
    }

    /// Those of this id that are remembered.
    pub(super) fn of(&self, id: &ReservationId) -> Vec<Settle> {
        let settles = self.shrunk();
        settles.and_then(|settles| settles.by_id.get(id).cloned()).unwrap_or_default()
    }

    /// What there is still. `None`: nothing.
    fn shrunk(&self) -> Option<MutexGuard<'_, Settles>> {
        if self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut settles = self.lock();
        settles.drop_ended(Instant::now());
        self.count.store(settles.until.len(), Ordering::SeqCst);
        Some(settles)
    }

    fn keep(&self, settle: &Settle, until: Instant) {
        let mut settles = self.lock();
        settles.drop_ended(Instant::now());
        if settles.until.len() < self.most {
            settles.put(settle, until);
        }
        self.count.store(settles.until.len(), Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Settles> {
        self.settles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It has ended with this answer.
    pub(super) fn end<T>(mut self, answer: &Result<T>) {
        let may_be_settled = |error: &Error| error.may_have_charged() || error.kind() == ErrorKind::Protocol;
        self.is_certain = !answer.as_ref().is_err_and(may_be_settled);
        // Once the store is well again, nobody else asks what may go.
        drop(self.uncertain.shrunk());
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_certain {
            let settle = Settle::uncertain(self.settlement.clone(), self.sent);
            self.uncertain.keep(&settle, self.sent + SETTLED_MEMORY);
            self.queue.tell(&settle);
        }
    }
}

impl Settles {
    /// A settle that is known already counts from when it was sent first.
    fn put(&mut self, settle: &Settle, until: Instant) {
        let known = self.by_id.entry(settle.id().clone()).or_default();
        if let Some(rest) = known.iter().try_fold(settle.clone(), |rest, known| known.rest_of(&rest)) {
            known.push(rest);
            self.until.push_back((until, settle.id().clone()));
        }
    }

    fn drop_ended(&mut self, now: Instant) {
        while self.until.front().is_some_and(|(until, _)| *until <= now)
            && let Some((_, id)) = self.until.pop_front()
            && let Some(known) = self.by_id.get_mut(&id)
        {
            // The oldest of an id is the first to end.
            known.remove(0);
            if known.is_empty() {
                self.by_id.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use limiter_core::{Key, Period, Quota, QuotaCharge, QuotaTracker};
    use limiter_memory::{Config, MemoryBackend};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_goes_when_later_settles_work() {
        let store: Arc<dyn QuotaTracker> = Arc::new(MemoryBackend::new(Config::default()).unwrap());
        let queue = Queue::new(store, 10);
        let quota = Quota::new(100, Period::Day).unwrap();
        let charge = QuotaCharge::new(Key::new("bytes", "u1").unwrap(), quota, 1);
        let settlement = Settlement::new(ReservationId::random().unwrap(), [charge]).unwrap();
        let uncertain = Uncertain::new(10);
        drop(uncertain.attempt(&settlement, &queue));
        assert_eq!(uncertain.lock().by_id.len(), 1);
        tokio::time::advance(SETTLED_MEMORY).await;
        uncertain.attempt(&settlement, &queue).end(&Ok(()));
        assert!(uncertain.lock().by_id.is_empty());
    }
}
