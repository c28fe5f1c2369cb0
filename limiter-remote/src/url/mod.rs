//! Takes a store's URL apart. What is wrong is told without a secret.

mod fault;
mod host;
mod parts;
mod percent;

pub use fault::Fault;
pub use host::{host, port};
pub use parts::Parts;
pub use percent::{decode, encode};
