//! How much per calendar period.

use crate::exact::EXACT;
use crate::limit::LimitError;
use crate::period::Period;

/// The furthest a quota's day may lie from UTC's, in minutes: 18 hours.
pub const MAX_UTC_OFFSET_MINUTES: i16 = 18 * 60;

/// `max` units in a calendar period, in UTC or at a fixed offset from it.
///
/// A quota that exists is valid. Changing `max` keeps the counts; another period or offset is another counter.
///
/// ```
/// use limiter_core::{Period, Quota};
///
/// let quota = Quota::new(50 * 1024 * 1024 * 1024, Period::Day)?;
/// assert_eq!("50 GiB/day".parse::<Quota>()?, quota);
/// assert_eq!("50 GiB/day at +05:30".parse::<Quota>()?, quota.with_utc_offset_minutes(330)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    max: u64,
    period: Period,
    utc_offset_minutes: i16,
}

impl Quota {
    /// `max` units a period, in UTC.
    ///
    /// # Errors
    /// `max` above 2^53 − 1.
    pub const fn new(max: u64, period: Period) -> Result<Self, LimitError> {
        if max > EXACT {
            return Err(LimitError { field: "max", value: max as u128, accepted: "0 to 2^53 - 1" });
        }
        Ok(Self { max, period, utc_offset_minutes: 0 })
    }

    /// The same quota, its periods turning at a fixed offset from UTC (east is positive).
    ///
    /// # Errors
    /// An offset beyond 18 hours either way.
    pub const fn with_utc_offset_minutes(mut self, minutes: i16) -> Result<Self, LimitError> {
        if minutes.unsigned_abs() > MAX_UTC_OFFSET_MINUTES.unsigned_abs() {
            let value = minutes.unsigned_abs() as u128;
            let field = if minutes < 0 { "utc offset in minutes west" } else { "utc offset in minutes east" };
            return Err(LimitError { field, value, accepted: "up to 1080 (18 h)" });
        }
        self.utc_offset_minutes = minutes;
        Ok(self)
    }

    /// Units a period.
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The calendar period.
    pub const fn period(&self) -> Period {
        self.period
    }

    /// Where its periods turn, in minutes east of UTC.
    pub const fn utc_offset_minutes(&self) -> i16 {
        self.utc_offset_minutes
    }

    /// Whether both quotas count in the same counter of a key: the same period and offset.
    pub const fn same_counter(&self, other: &Self) -> bool {
        self.period as u8 == other.period as u8 && self.utc_offset_minutes == other.utc_offset_minutes
    }
}
