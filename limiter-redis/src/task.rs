//! Work of several calls that is to be done as a whole.

use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use tokio::task::JoinError;
use tokio::time::timeout;

/// Longer than a call takes whose server doesn't answer, so that its own error is told.
const MARGIN: Duration = Duration::from_millis(50);

/// Runs work in a task of its own, so that a caller that gives up leaves nothing half done. Its own patience is that of
/// one call: of several that are slow, or have to be taken back, it doesn't wait for all.
pub(crate) async fn to_its_end<T, W>(
    operation: &'static str,
    response_timeout: Duration,
    work: W,
) -> Result<T>
where
    T: Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let work = async { tokio::spawn(work).await.map_err(|ended| ended_with_its_runtime(operation, ended)) };
    in_time(operation, response_timeout, work).await.map_err(Error::possibly_charged)?
}

/// Runs work that changes nothing, for no longer than one call may take.
pub(crate) async fn in_time<T>(
    operation: &'static str,
    response_timeout: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let message = "not all partitions have answered within the response timeout";
    let late = |_| Error::new(ErrorKind::Timeout, message).with_operation(operation);
    timeout(response_timeout + MARGIN, work).await.map_err(late)?
}

/// A task that didn't come to its end.
pub(crate) fn ended_with_its_runtime(operation: &'static str, ended: JoinError) -> Error {
    let message = "the task of a call in several parts was ended with its runtime";
    Error::new(ErrorKind::Internal, message).with_operation(operation).with_source(ended).possibly_charged()
}
