//! What takes part.

use async_trait::async_trait;

use super::Turns;

/// A limiter with a counter for each key.
#[async_trait]
pub(crate) trait Contender: Send + Sync {
    fn name(&self) -> &'static str;

    /// One caller: hits the keys that it draws, one after the other.
    async fn hit_all(&self, turns: &Turns);
}
