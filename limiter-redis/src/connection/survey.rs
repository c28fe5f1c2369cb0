//! Finding something out that many want to know at the same time.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

/// The least time between the end of one survey and the beginning of the next.
const GAP: Duration = Duration::from_millis(100);

/// Finds something out for all who want to know, once for all of them, and not too often. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey(Arc<watch::Sender<State>>);

#[derive(Debug, Default)]
struct State {
    under_way: bool,
    count: usize,
    /// Whether the last one found something out, and when it ended.
    last: Option<(bool, Instant)>,
}

impl Survey {
    /// How many there have been.
    pub(super) fn count(&self) -> usize {
        self.0.borrow().count
    }

    /// Has it found out by a task of its own, unless that is under way.
    pub(super) fn start(&self, find_out: impl Future<Output = bool> + Send + 'static) {
        let mut not_before = None;
        self.0.send_if_modified(|state| {
            if !state.under_way {
                state.under_way = true;
                not_before = Some(state.last.map_or_else(Instant::now, |(_, ended)| ended + GAP));
            }
            false
        });
        if let Some(not_before) = not_before {
            let end = Ended(self.clone(), false);
            tokio::spawn(end.after(not_before, find_out));
        }
    }

    /// The same, and waits for it; whether it was found out before the deadline.
    pub(super) async fn done(
        &self,
        deadline: Instant,
        find_out: impl Future<Output = bool> + Send + 'static,
    ) -> bool {
        let mut states = self.0.subscribe();
        self.start(find_out);
        let changed = timeout_at(deadline, states.changed()).await;
        changed.is_ok() && states.borrow().last.is_some_and(|(found, _)| found)
    }
}

/// Tells of the end however the task ends.
struct Ended(Survey, bool);

impl Ended {
    async fn after(mut self, not_before: Instant, find_out: impl Future<Output = bool>) {
        sleep_until(not_before).await;
        self.1 = find_out.await;
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| {
            state.under_way = false;
            state.count = state.count.wrapping_add(1);
            state.last = Some((self.1, Instant::now()));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_get_one_survey() {
        let (survey, surveys) = (Survey::default(), Arc::new(AtomicUsize::new(0)));
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let (survey, surveys) = (survey.clone(), Arc::clone(&surveys));
            asking.spawn(async move {
                let find_out = async move {
                    surveys.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    true
                };
                survey.done(Instant::now() + Duration::from_secs(5), find_out).await
            });
        }
        assert!(asking.join_all().await.into_iter().all(|found| found));
        assert_eq!((surveys.load(Ordering::SeqCst), survey.count()), (1, 1));
    }

    #[tokio::test]
    async fn a_gap_lies_between_two() {
        let (survey, deadline) = (Survey::default(), Instant::now() + Duration::from_secs(5));
        assert!(survey.done(deadline, async { true }).await);
        let ended = Instant::now();
        assert!(!survey.done(deadline, async { false }).await);
        assert!(ended.elapsed() >= Duration::from_millis(95));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_they_may() {
        let survey = Survey::default();
        let begun = Instant::now();
        assert!(!survey.done(begun + Duration::from_millis(50), std::future::pending()).await);
        assert!(begun.elapsed() < Duration::from_millis(500));
    }
}
