//! What a limiter does, in traces and metrics.

mod answer;
mod control;
mod held;
mod layer;
mod limits;
mod meters;
mod observed;
mod operation;
mod quotas;
mod rates;
mod slots;
mod span;
mod store;
mod watch;
mod what;

pub use self::layer::ObserveLayer;
pub use self::observed::Observe;
