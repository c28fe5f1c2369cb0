//! The laws hold for the reference by limits as users write them, and wrong backends break them: each the law that
//! names its fault, shrunk to a few calls.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops when anything is off")]
#![allow(clippy::needless_pass_by_value, reason = "a law reads better where it is asked without `&`")]

mod judge;
mod quotas;
mod rates;
mod ready_made;
mod slots;
mod stamped;
mod wrong;
