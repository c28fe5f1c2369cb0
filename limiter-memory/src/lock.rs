//! Taking a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock that is never held across an await. Nothing in this package panics while it holds one, and what it
/// guards is whole between any two statements that change it, so a poisoned lock is taken as it is.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
