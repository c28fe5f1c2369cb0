//! What a limiter backend is held to.
//!
//! - [`Model`]: the reference backend, core's algorithms over plain maps. What it answers is right.
//! - [`replay`]: worked traces of calls and their answers, and how to replay them on any backend.
//!
//! ```
//! use std::sync::Arc;
//! use limiter_core::{Backend, ManualClock};
//! use limiter_testkit::{Model, replay::{self, Trace}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! for (name, text) in replay::packaged() {
//!     let clock = ManualClock::default();
//!     let backend = Backend::new("model", Arc::new(Model::new(clock.clone())));
//!     let report = Trace::parse(name, text)?.run(&backend, &clock).await;
//!     assert!(report.is_clean(), "{report}");
//! }
//! # Ok(())
//! # }
//! ```

mod absent;
mod broken;
mod candidate;
pub mod cases;
pub mod histories;
mod idle;
pub mod laws;
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
