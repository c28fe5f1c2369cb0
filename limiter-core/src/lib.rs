//! The words, the traits and the exact algorithms of the limiter SDK.
//!
//! A service limits *rates* ([`RateLimiter`]), *slots* ([`SlotLimiter`]) and *quotas* ([`QuotaTracker`]). It codes
//! against these traits; which backend keeps the counts is chosen elsewhere. Services depend on `limiter-factory`,
//! which re-exports everything here; authors of backends and layers depend on this package alone.
//!
//! This package knows no I/O, no runtime and no environment.

pub mod algorithm;
mod backend;
mod cas;
mod charge;
mod clock;
mod decision;
mod error;
mod exact;
mod forward;
mod id;
mod key;
mod lease;
mod limit;
mod limit_set;
mod outcome;
mod period;
mod quota;
mod rate;
mod receipt;
mod reservation;
#[cfg(feature = "serde")]
mod serde_forms;
mod slot;
mod system_clock;
mod text;
mod tracker;

pub use backend::{Backend, Capabilities, Control};
pub use cas::{CasBackend, CasStore, CasWrite, Loaded};
pub use charge::{Charge, check_amount, check_charges};
pub use clock::{Clock, ManualClock};
pub use decision::{Allowed, Decision, Denied};
pub use error::{Error, ErrorKind, Result};
pub use exact::{CLOCK_TOLERANCE_MS, EXACT, MAX_PER_CALL, effective_ms};
pub use id::{LeaseId, ReservationId};
pub use key::{Key, MAX_SPACE_BYTES, MAX_SUBJECT_BYTES};
pub use lease::{Acquired, Acquisition, Full, HeldLease, Lease, LeaseRequest, MAX_TTL, Scope};
pub use limit::{Algorithm, Limit, LimitError, MAX_LOG_UNITS, MAX_WINDOW_DAYS};
pub use limit_set::LimitSet;
pub use outcome::{Outcome, Retry, Source};
pub use period::{Period, Span};
pub use quota::{MAX_UTC_OFFSET_MINUTES, Quota};
pub use rate::{Hit, RateLimiter, RateLimiterExt};
pub use receipt::{Receipt, ReceiptLine};
pub use reservation::{QuotaCharge, QuotaOutcome, Reservation, Reserved, Settlement};
#[cfg(feature = "serde")]
pub use serde_forms::structured;
pub use slot::{SlotLimiter, SlotLimiterExt};
pub use system_clock::SystemClock;
pub use text::ParseError;
#[doc(hidden)]
pub use text::checked;
pub use tracker::{QuotaTracker, QuotaTrackerExt};
