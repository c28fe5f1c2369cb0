//! What a failure means.

use limiter_core::{Error, ErrorKind};

/// Whether the store couldn't be asked, or didn't answer in time. Every other failure is an answer.
pub(super) fn is_unavailable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}

/// Whether to clean up what the call may have left in the store.
pub(super) fn may_be_done(error: &Error) -> bool {
    error.may_have_charged() || error.kind() == ErrorKind::Timeout
}

/// Whether the same call fails again however often it is made. A store that lacks a password, a right or its tables may
/// be given them yet.
pub(super) fn is_lasting(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::Conflict | ErrorKind::Unsupported)
}

/// The fallback failed too: its error, which says why it was asked.
pub(super) fn both(fallback: Error, store: &Error) -> Error {
    let told = fallback.with_context("asked because the store failed", store);
    if store.may_have_charged() { told.possibly_charged() } else { told }
}
