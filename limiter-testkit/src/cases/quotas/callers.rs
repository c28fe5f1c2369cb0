//! Callers that start together.

use std::future::Future;
use std::sync::Arc;

use limiter_core::QuotaTracker;

use crate::broken::Kept;
use crate::cases::crowd;
use crate::trial::Promise;

/// How many callers start together.
pub(crate) const CALLERS: usize = 16;

/// Starts all callers together; tells how many of them came to `true`.
pub(crate) async fn at_once<F>(
    quotas: &Arc<dyn QuotaTracker>,
    promise: &Promise,
    call: impl Fn(usize, Arc<dyn QuotaTracker>, Promise) -> F,
) -> Kept<u64>
where
    F: Future<Output = Kept<bool>> + Send + 'static,
{
    let called = |caller| call(caller, quotas.clone(), promise.clone());
    Ok(crowd::at_once(promise, CALLERS, called).await?.into_iter().map(u64::from).sum())
}
