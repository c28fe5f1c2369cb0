//! Work of several calls that is to be done as a whole.

use limiter_core::{Error, ErrorKind, Result};
use tokio::task::JoinError;

/// Runs work in a task of its own, so that a caller that gives up leaves nothing half done.
pub(crate) async fn to_its_end<T, W>(operation: &'static str, work: W) -> Result<T>
where
    T: Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    tokio::spawn(work).await.unwrap_or_else(|ended| Err(ended_with_its_runtime(operation, ended)))
}

/// A task that didn't come to its end.
pub(crate) fn ended_with_its_runtime(operation: &'static str, ended: JoinError) -> Error {
    let message = "the task of a call in several parts was ended with its runtime";
    Error::new(ErrorKind::Internal, message).with_operation(operation).with_source(ended).possibly_charged()
}
