//! Proves a limiter backend: what every backend promises, as tests that one line stamps.
//!
//! - [`suite!`] stamps a test for each promise over a [`Candidate`], from what its capabilities call for.
//! - [`cases`]: one promise each, as functions over the traits. [`laws`]: what holds over any history of calls, on any
//!   backend and for any limits of your own. [`sequences`]: random calls against the reference. [`histories`]: whether
//!   some order explains the answers to calls made at once.
//! - [`processes`]: tests over several processes, which can be killed. [`proxy`]: a network that fails on purpose. [`lost`]:
//!   answers that are lost on the way.
//! - [`replay`]: worked traces of calls and their answers. [`Model`]: the reference, core's algorithms over plain maps.
//!
//! ```
//! use std::sync::Arc;
//! use limiter_core::{Backend, ManualClock};
//! use limiter_testkit::{Candidate, Model};
//!
//! // In tests/suite.rs, with your backend in the place of `Model`:
//! fn make_backend() -> Candidate {
//!     let clock = ManualClock::new(1_700_000_000_000);
//!     Candidate::new(Backend::new("mine", Arc::new(Model::new(clock.clone())))).with_clock(clock)
//! }
//!
//! limiter_testkit::suite!(make_backend);
//! # fn main() {}
//! ```

mod absent;
mod broken;
mod candidate;
pub mod cases;
pub mod histories;
pub mod laws;
pub mod lost;
mod model;
pub mod processes;
pub mod proxy;
pub mod replay;
pub mod sequences;
#[doc(hidden)]
pub mod suite;
mod trial;

pub use broken::{Broken, Kept};
pub use candidate::Candidate;
pub use model::Model;
pub use trial::Trial;

#[cfg(doctest)]
#[doc = include_str!("../../docs/write-a-backend.md")]
struct WriteABackend;

#[cfg(doctest)]
#[doc = include_str!("../../docs/prove-a-backend.md")]
struct ProveABackend;
