//! Concurrent histories, and whether some order of their calls explains every answer.
//!
//! Each call of a backend is atomic: whatever happens at once, the answers are those of the calls made one after the
//! other, in some order that leaves what ended before the other began in its place. That is linearizability
//! (Herlihy and Wing, 1990). [`explain`] looks for such an order, by a [`Specification`] of what one call does to a
//! state: for [`Rates`], [`Slots`] and [`Quotas`] these are core's own pure functions. [`suite!`](crate::suite!) puts
//! every backend to this proof; here is what it takes to do so with histories of one's own.
//!
//! Answers are compared without their times, so that it doesn't matter at which millisecond each call was made:
//! record with windows, periods and TTLs that don't turn while a history lasts.
//! A refund to a token bucket gives back less what has flowed in since, so leave it out where time passes; and one to a
//! sliding log where there are resets too.
//!
//! ```
//! use limiter_core::{Key, RateLimiterExt, Limit, ManualClock};
//! use limiter_testkit::{Model, histories::{RateCall, Rates, Recorder, explain}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = Model::new(ManualClock::new(1_700_000_000_000));
//! let (key, limit) = (Key::new("chat", "u1")?, Limit::fixed_window(1, std::time::Duration::from_secs(86_400))?);
//! let recorder = Recorder::new();
//! let hit = || async {
//!     let call = recorder.begin(RateCall::Hit(vec![(key.clone(), limit, 1)]));
//!     call.answered(model.hit_one(&key, &limit).await?.into());
//!     Ok::<_, limiter_core::Error>(())
//! };
//! tokio::try_join!(hit(), hit())?;
//! assert!(explain(&Rates::at(1_700_000_000_000), &recorder.into_history()).is_some());
//! # Ok(())
//! # }
//! ```

mod explain;
mod quotas;
mod rates;
mod record;
mod slots;

pub use explain::{Operation, Specification, explain};
pub use quotas::{QuotaAnswer, QuotaCall, Quotas};
pub use rates::{RateAnswer, RateCall, Rates};
pub use record::{Begun, Recorder};
pub use slots::{SlotAnswer, SlotCall, Slots};
