//! All three traits over a store that only compares and swaps.
//!
//! [`CasStore`] is what such a store has to do; [`CasBackend`] does the rest with the pure functions of
//! [`algorithm`](crate::algorithm).

mod backend;
mod control;
mod name;
mod quotas;
mod rates;
mod slots;
mod state;
mod store;

pub use backend::CasBackend;
pub use store::{CasStore, CasWrite, Loaded};
