//! Work that its caller polls, until somebody else has come who needs it done.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work that its caller polls. Once it is handed over a task goes on with it, whatever the caller does.
#[derive(Default)]
pub(super) struct Driven(Mutex<State>);

#[derive(Default)]
struct State {
    /// Not there before it begins, while it is polled, and once it is done or handed over.
    work: Option<Work>,
    /// Whom to tell that there is nothing to be polled any more.
    caller: Option<Waker>,
    handed_over: bool,
}

impl Driven {
    /// Takes the work in, before it is polled.
    pub(super) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.keep(Box::pin(work), None);
    }

    /// Goes on with it; ready when it is done, or a task's.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        // Polled without the lock: it may end, and let others come.
        let Some(mut work) = self.state().work.take() else { return Poll::Ready(()) };
        match work.as_mut().poll(context) {
            Poll::Pending if self.keep(work, Some(context.waker().clone())) => Poll::Pending,
            _ => {
                // Told already: another wake would only poll what the caller does next.
                self.state().caller = None;
                Poll::Ready(())
            }
        }
    }

    /// From now on a task goes on with it.
    pub(super) fn hand_over(&self) {
        let mut state = self.state();
        state.handed_over = true;
        let (work, caller) = (state.work.take(), state.caller.take());
        drop(state);
        work.into_iter().for_each(spawn);
        caller.into_iter().for_each(Waker::wake);
    }

    /// Keeps it for its caller; not where it was handed over meanwhile.
    fn keep(&self, work: Work, caller: Option<Waker>) -> bool {
        let mut state = self.state();
        if state.handed_over {
            drop(state);
            spawn(work);
            return false;
        }
        (state.work, state.caller) = (Some(work), caller);
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Driven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driven").finish_non_exhaustive()
    }
}

/// Where there is no runtime, it ends.
fn spawn(work: Work) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(work);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use tokio::sync::oneshot;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_caller_that_waits_is_told_when_a_task_goes_on() {
        let driven = Arc::new(Driven::default());
        let (go_on, wait) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        driven.begin(async move {
            wait.await.unwrap();
            done.send(()).unwrap();
        });
        let polled = Arc::clone(&driven);
        let caller = tokio::spawn(async move { poll_fn(|context| polled.poll(context)).await });
        yield_now().await;
        assert!(!caller.is_finished());
        driven.hand_over();
        caller.await.unwrap();
        go_on.send(()).unwrap();
        is_done.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_handed_over_before_it_begins_or_while_it_is_polled_goes_on() {
        for before in [true, false] {
            let driven = Arc::new(Driven::default());
            let (done, is_done) = oneshot::channel();
            if before {
                driven.hand_over();
            }
            let own = Arc::clone(&driven);
            driven.begin(async move {
                own.hand_over();
                yield_now().await;
                done.send(()).unwrap();
            });
            poll_fn(|context| driven.poll(context)).await;
            is_done.await.unwrap();
        }
    }
}
