//! Sends what waits, once the store is back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use tokio::select;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use super::errand::Errand;
use super::failure::{is_lasting, may_be_done};
use super::shared::{Shared, give_up};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE_IN_A_HURRY: Duration = Duration::from_millis(100);
/// A call that isn't answered by then is taken as failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// The task of a queue. While the store is down one call goes out at a time, after longer and longer pauses; with each
/// round that succeeds the next one is twice as large.
#[derive(Debug)]
pub(super) struct Sender<E: Errand> {
    shared: Arc<Shared<E>>,
    store: Arc<E::Store>,
    size: usize,
    failures: u32,
}

impl<E: Errand> Sender<E> {
    pub(super) fn new(shared: Arc<Shared<E>>, store: Arc<E::Store>) -> Self {
        shared.set_running(true);
        Self { shared, store, size: 1, failures: 0 }
    }

    /// Runs until it is aborted, or its runtime ends.
    pub(super) async fn run(mut self) {
        loop {
            if self.shared.is_empty() {
                self.shared.until_news().await;
                // What has just arrived has just failed.
                (self.size, self.failures) = (1, 1);
            }
            self.pause().await;
            self.round().await;
        }
    }

    async fn pause(&self) {
        if self.failures == 0 {
            return;
        }
        let (start, spread) = (Instant::now(), 0.75 + fastrand::f64() / 2.0);
        while !self.shared.is_empty() && start.elapsed() < self.longest().mul_f64(spread) {
            let left = self.longest().mul_f64(spread).saturating_sub(start.elapsed());
            select! {
                () = sleep(left) => return,
                // Errands that arrive meanwhile wait with the others; a shutdown shortens the pause.
                () = self.shared.until_news() => {}
            }
        }
    }

    fn longest(&self) -> Duration {
        let most = if self.shared.is_hurried() { LONGEST_PAUSE_IN_A_HURRY } else { LONGEST_PAUSE };
        (FIRST_PAUSE * 2_u32.saturating_pow(self.failures.min(8) - 1)).min(most)
    }

    async fn round(&mut self) {
        if self.failures > 0 {
            self.shared.drop_ended(Instant::now());
        }
        let sent = Instant::now();
        let errands = self.shared.take(self.size, sent);
        let (mut calls, mut batches) = (JoinSet::new(), HashMap::new());
        for batch in errands.chunks(E::IN_ONE_CALL) {
            let call = calls.spawn(call(batch.to_vec(), Arc::clone(&self.store)));
            batches.insert(call.id(), batch.to_vec());
        }
        let mut failed = false;
        while let Some(ended) = calls.join_next_with_id().await {
            let (id, answer) = ended.unwrap_or_else(|panic| (panic.id(), Err(panicked())));
            failed |= batches.remove(&id).is_some_and(|batch| self.learn(batch, sent, answer));
        }
        (self.size, self.failures) = if failed {
            (1, self.failures.saturating_add(1))
        } else {
            ((self.size * 2).min(E::IN_ONE_CALL * E::CALLS), 0)
        };
    }

    /// Whether the call is to be made again.
    fn learn(&self, batch: Vec<E>, sent: Instant, answer: Result<()>) -> bool {
        let Err(error) = answer else {
            self.shared.forget(&batch);
            return false;
        };
        if let [errand] = &batch[..]
            && is_lasting(&error)
        {
            give_up(errand, &error.to_string());
            self.shared.forget(&batch);
            return false;
        }
        debug!(part = E::PART, waiting = self.shared.len(), %error, "what waits couldn't be sent yet");
        if may_be_done(&error) || error.kind() == ErrorKind::Protocol {
            for errand in &batch {
                errand.unanswered(sent);
            }
        }
        self.shared.again(batch);
        true
    }
}

impl<E: Errand> Drop for Sender<E> {
    fn drop(&mut self) {
        self.shared.set_running(false);
    }
}

/// One call, which ends in time.
async fn call<E: Errand>(batch: Vec<E>, store: Arc<E::Store>) -> Result<()> {
    timeout(PATIENCE, E::send(batch, store)).await.unwrap_or_else(|_| Err(late()))
}

fn panicked() -> Error {
    Error::new(ErrorKind::Internal, "the store panicked").possibly_charged()
}

fn late() -> Error {
    Error::new(ErrorKind::Timeout, format!("no answer within {PATIENCE:?}")).possibly_charged()
}
