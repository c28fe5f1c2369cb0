//! The mode of a connection, and the waits that it asks for.

use std::future::pending;

use tokio::sync::watch;
use tokio::time::sleep;

use super::mode::Mode;

/// The mode of one connection: its own, until all are switched.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    general: watch::Receiver<Mode>,
    own: Option<Mode>,
}

impl Watched {
    pub(super) fn new(mut general: watch::Receiver<Mode>, own: Option<Mode>) -> Self {
        general.mark_unchanged();
        Self { general, own }
    }

    pub(super) fn now(&mut self) -> Mode {
        if self.general.has_changed().unwrap_or(false) {
            self.own = None;
        }
        self.own.unwrap_or_else(|| *self.general.borrow_and_update())
    }

    pub(super) async fn changed(&mut self) {
        if self.general.changed().await.is_err() {
            pending::<()>().await;
        }
        self.own = None;
    }

    /// The mode, once it isn't to stall.
    pub(super) async fn moving(&mut self) -> Mode {
        loop {
            match self.now() {
                Mode::Stall => self.changed().await,
                mode => return mode,
            }
        }
    }

    /// Waits for as long as the mode holds a chunk back. Another mode ends the wait.
    pub(super) async fn hold_back(&mut self, bytes: usize) {
        let wait = self.now().wait(bytes);
        if !wait.is_zero() {
            tokio::select! {
                () = sleep(wait) => {}
                () = self.changed() => {}
            }
        }
    }
}
