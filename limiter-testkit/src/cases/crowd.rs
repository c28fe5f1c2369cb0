//! Many callers that start together.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::broken::Kept;
use crate::trial::Promise;

/// Runs so many tasks at once, each told its number: what they came to, in no order.
pub(crate) async fn at_once<T, F>(promise: &Promise, tasks: usize, task: impl Fn(usize) -> F) -> Kept<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Kept<T>> + Send + 'static,
{
    let (start, mut crowd) = (Arc::new(Barrier::new(tasks)), JoinSet::new());
    for number in 0..tasks {
        let (start, work) = (Arc::clone(&start), task(number));
        crowd.spawn(async move {
            start.wait().await;
            work.await
        });
    }
    let mut ended = Vec::new();
    while let Some(end) = crowd.join_next().await {
        ended.push(end.map_err(|error| promise.broken("calls at once", "an answer to each", error))??);
    }
    Ok(ended)
}
