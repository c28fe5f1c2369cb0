//! Judges that know the definitions and nothing else.
//!
//! Each remembers everything that happened to one counter, or to some keys, and answers from that list by brute
//! force. None calls an algorithm of [`limiter_core::algorithm`], nor [`Period::span`](limiter_core::Period::span):
//! an error there can't hide here.

pub mod calendar;
mod quota;
mod rate;
mod slot;

pub use quota::{Asked, Conflict, QuotaOracle};
pub use rate::RateOracle;
pub use slot::{Granted, SlotOracle};

use std::time::Duration;

/// A wait in whole milliseconds.
fn ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// The first of the numbers from `least` to `most` of which it is so, where it is so of all that follow it.
fn first(mut least: u64, mut most: u64, so: impl Fn(u64) -> bool) -> u64 {
    while least < most {
        let middle = least + (most - least) / 2;
        if so(middle) {
            most = middle;
        } else {
            least = middle + 1;
        }
    }
    least
}
