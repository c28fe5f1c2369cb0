//! What a counter holds.

use limiter_factory::{Backend, Charge, Key, Limit};

/// The units of a key that are counted, asked for without charging anything.
pub(crate) async fn counted(backend: &Backend, key: &Key, limit: &Limit) -> u64 {
    let stands = backend.rates.peek(&[Charge::new(key, limit)]).await.unwrap();
    limit.max() - stands.outcomes()[0].remaining()
}
