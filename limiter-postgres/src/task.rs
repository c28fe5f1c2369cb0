//! Work that goes on when its caller gives up.

use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use tokio::task::JoinError;
use tokio::time::timeout;

/// Longer than a call takes whose server doesn't answer, so that its own error is told.
const MARGIN: Duration = Duration::from_millis(50);

/// Runs work that changes something in a task of its own, so that a caller that gives up leaves nothing half done. The
/// caller's own patience is that of one call.
pub(crate) async fn to_its_end<T, W>(
    operation: &'static str,
    response_timeout: Duration,
    work: W,
) -> Result<T>
where
    T: Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let message = "the store hasn't answered within the response timeout";
    let late = || Error::new(ErrorKind::Timeout, message).with_operation(operation).possibly_charged();
    match timeout(response_timeout + MARGIN, tokio::spawn(work)).await {
        Ok(ended) => ended.map_err(|ended| ended_with_its_runtime(operation, ended))?,
        Err(_) => Err(late()),
    }
}

/// A task that didn't come to its end.
pub(crate) fn ended_with_its_runtime(operation: &'static str, ended: JoinError) -> Error {
    let message = "the task of the call was ended with its runtime";
    Error::new(ErrorKind::Internal, message).with_operation(operation).with_source(ended).possibly_charged()
}
