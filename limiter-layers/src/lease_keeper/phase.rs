//! How the keeper stands: at work, shut down, or gone with its runtime.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use limiter_core::{Error, ErrorKind, Result};

/// Shared by the keeper's handles, its guards and its task.
#[derive(Debug, Default)]
pub(super) struct Phase {
    closing: AtomicBool,
    left: OnceLock<usize>,
}

impl Phase {
    /// A shutdown begins.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    /// The shutdown has come to its end, with so many leases left to their TTL.
    pub(super) fn closed(&self, left: usize) {
        self.left.get_or_init(|| left);
    }

    /// Whether a shutdown has come to its end.
    pub(super) fn is_closed(&self) -> bool {
        self.left.get().is_some()
    }

    /// How the shutdown ended.
    pub(super) fn outcome(&self) -> Result<()> {
        match self.left.get() {
            Some(0) => Ok(()),
            Some(left) => Err(not_released(*left)),
            None => Err(not_running("shutdown")),
        }
    }

    /// Why the keeper's task can't do what it was asked.
    pub(super) fn refusal(&self, operation: &'static str) -> Error {
        if self.closing.load(Ordering::SeqCst) {
            let message = "the lease keeper is shut down: it acquires nothing any more";
            return Error::new(ErrorKind::Unavailable, message).with_operation(operation);
        }
        not_running(operation)
    }
}

fn not_released(left: usize) -> Error {
    let message = format!(
        "{left} leases couldn't be released before the lease keeper shut down; their TTL frees them. Look at \
         why the store doesn't take releases"
    );
    Error::new(ErrorKind::Unavailable, message).with_operation("shutdown")
}

fn not_running(operation: &'static str) -> Error {
    let message = "the lease keeper's task isn't running, and what it held is left to its TTL; call \
                   LeaseKeeper::new within a tokio runtime that has its timers enabled and outlives the keeper";
    Error::new(ErrorKind::Unavailable, message).with_operation(operation)
}
