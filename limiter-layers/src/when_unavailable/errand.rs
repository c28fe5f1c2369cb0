//! What waits to be sent.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::Result;
use tokio::time::Instant;

/// A call that couldn't be made, carries an id, and is made later.
#[async_trait]
pub(super) trait Errand: Clone + Debug + Send + Sync + 'static {
    type Id: Clone + Debug + Eq + Hash + Send;
    type Store: Debug + ?Sized + Send + Sync + 'static;

    /// The part of the backend, for logs and metrics.
    const PART: &'static str;
    /// How many go in one call.
    const IN_ONE_CALL: usize;
    /// How many calls may be under way while the store answers.
    const CALLS: usize;

    fn id(&self) -> &Self::Id;

    /// From when on it makes no sense any more.
    fn ends(&self) -> Option<Instant>;

    /// It was sent then, and nobody knows whether it was executed.
    fn unanswered(&self, sent: Instant);

    /// What another under the same id does that this one doesn't.
    fn rest_of(&self, other: &Self) -> Option<Self>;

    /// Another under the same id may have been executed: where it does some of the same, this one ends as soon as it does.
    fn end_with(&self, other: &Self);

    /// It won't be sent: says so in the log, and tells whether anything is lost by it.
    fn dropped(&self, why: &str) -> bool;

    async fn send(errands: Vec<Self>, store: Arc<Self::Store>) -> Result<()>;
}
