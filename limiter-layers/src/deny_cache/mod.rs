//! Denials that are known to last, answered without asking the store.

mod cache;
mod denial;
mod denials;
mod fingerprint;
mod layer;
mod time;

pub use self::cache::DenyCache;
pub use self::layer::DenyCacheLayer;
