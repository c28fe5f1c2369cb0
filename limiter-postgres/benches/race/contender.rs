//! What takes part.

use async_trait::async_trait;

use super::Turns;

/// Something with a counter for each key.
#[async_trait]
pub(crate) trait Contender: Send + Sync {
    fn name(&self) -> &str;

    /// Whether it takes part with so many callers.
    fn takes(&self, _callers: usize) -> bool {
        true
    }

    /// One caller: hits the keys that it draws, one after the other.
    async fn hit_all(&self, turns: &Turns);
}
