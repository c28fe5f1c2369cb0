//! What the callers and the sender of a queue share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::errand::Errand;
use super::waiting::Waiting;

/// The queue as both ends see it.
#[derive(Debug)]
pub(super) struct Shared<E: Errand> {
    waiting: Mutex<Waiting<E>>,
    /// How many wait, to be read without the lock: in a well store's life it is 0.
    count: AtomicUsize,
    running: AtomicBool,
    hurried: AtomicBool,
    /// Tells the sender that something has arrived, or that it is to hurry.
    news: Notify,
    /// Tells whoever ends the queue that nothing waits any more.
    emptied: Notify,
}

impl<E: Errand> Shared<E> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting::new(most)),
            count: AtomicUsize::new(0),
            running: AtomicBool::new(false),
            hurried: AtomicBool::new(false),
            news: Notify::new(),
            emptied: Notify::new(),
        }
    }

    /// Takes all in or none.
    ///
    /// # Errors
    /// Why there is no place for them, in words.
    pub(super) fn push(&self, errands: &[E]) -> Result<(), String> {
        let mut waiting = self.lock();
        // Looked at under the lock, as it is changed: nothing comes in after the last look at what is left.
        if !self.running.load(Ordering::SeqCst) {
            return Err(
                "nothing sends it later: the layer was shut down, or made outside a tokio runtime".to_owned()
            );
        }
        if errands.iter().any(|errand| waiting.is_late_for(errand, Instant::now())) {
            return Err("it may have been executed, and by then it could count twice".to_owned());
        }
        if !waiting.push(errands) {
            return Err(format!("{} wait to be sent, of at most {}", waiting.len(), waiting.most()));
        }
        self.changed(&waiting);
        drop(waiting);
        self.news.notify_one();
        Ok(())
    }

    pub(super) fn contains(&self, id: &E::Id) -> bool {
        !self.is_empty() && self.lock().contains(id)
    }

    /// Whether all that this one does is waited for already, and not about to be given up.
    pub(super) fn covers(&self, errand: &E) -> bool {
        if self.is_empty() {
            return false;
        }
        let waiting = self.lock();
        waiting.rest_of(errand).is_none() && !waiting.is_late_for(errand, Instant::now())
    }

    /// What waits and does the same as this one ends by the sooner of their ends.
    pub(super) fn tell(&self, errand: &E) {
        if !self.is_empty() {
            self.lock().end_with(errand);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// The oldest, at most so many, to be sent now. Those that make no sense any more are dropped.
    pub(super) fn take(&self, most: usize, now: Instant) -> Vec<E> {
        let mut waiting = self.lock();
        let (errands, ended) = waiting.take(most, now);
        self.changed(&waiting);
        drop(waiting);
        give_up_ended(&ended);
        errands
    }

    /// Drops what makes no sense any more, wherever it stands.
    pub(super) fn drop_ended(&self, now: Instant) {
        let mut waiting = self.lock();
        let ended = waiting.take_ended(now);
        self.changed(&waiting);
        drop(waiting);
        give_up_ended(&ended);
    }

    pub(super) fn forget(&self, errands: &[E]) {
        let mut waiting = self.lock();
        waiting.forget(errands);
        self.changed(&waiting);
    }

    pub(super) fn again(&self, errands: Vec<E>) {
        self.lock().again(errands);
    }

    pub(super) async fn until_news(&self) {
        self.news.notified().await;
    }

    pub(super) async fn until_emptied(&self) {
        while !self.is_empty() {
            self.emptied.notified().await;
        }
    }

    /// The end is near: pauses are short from now on.
    pub(super) fn hurry(&self) {
        self.hurried.store(true, Ordering::SeqCst);
        self.news.notify_one();
    }

    pub(super) fn is_hurried(&self) -> bool {
        self.hurried.load(Ordering::SeqCst)
    }

    pub(super) fn set_running(&self, running: bool) {
        let _waiting = self.lock();
        self.running.store(running, Ordering::SeqCst);
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::SeqCst)
    }

    fn changed(&self, waiting: &Waiting<E>) {
        let count = waiting.len();
        if self.count.swap(count, Ordering::SeqCst) != count {
            metrics::gauge!("limiter_unavailable_waiting", "part" => E::PART).set(as_f64(count));
        }
        if count == 0 {
            self.emptied.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<E>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An errand won't be sent: counted where something is lost by it.
pub(super) fn give_up<E: Errand>(errand: &E, why: &str) {
    if errand.dropped(why) {
        metrics::counter!("limiter_unavailable_lost_total", "part" => E::PART).increment(1);
    }
}

fn give_up_ended<E: Errand>(ended: &[E]) {
    for errand in ended {
        give_up(errand, "it has waited for too long");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric's value, and far below 2^53")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}
