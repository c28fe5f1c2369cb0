//! A quota and its period as text: `50 GiB/day`, `10 MB per week at +05:30`, `1_000_000/month`.

use std::fmt;
use std::str::FromStr;

use super::amount::{amount, write_amount};
use super::error::ParseError;
use super::fault::Fault;
use super::offset::{offset, write_offset};
use super::scanner::{Scanner, look_up, same_word};
use crate::period::Period;
use crate::quota::Quota;

const PERIODS: &[(&str, Period)] = &[
    ("h", Period::Hour),
    ("hr", Period::Hour),
    ("hour", Period::Hour),
    ("hours", Period::Hour),
    ("d", Period::Day),
    ("day", Period::Day),
    ("days", Period::Day),
    ("w", Period::Week),
    ("week", Period::Week),
    ("weeks", Period::Week),
    ("mo", Period::Month),
    ("month", Period::Month),
    ("months", Period::Month),
    ("y", Period::Year),
    ("yr", Period::Year),
    ("year", Period::Year),
    ("years", Period::Year),
];

const ACCEPTED_PERIODS: &str = "hour, day, week, month or year";

/// Reads a text that is one quota.
pub(super) const fn whole_quota(text: &str) -> Result<Quota, Fault> {
    let mut scanner = Scanner::new(text);
    let amount = attempt!(amount(&mut scanner));
    if !scanner.eat("/") && !scanner.eat("per") {
        return Err(scanner
            .unexpected("expected / or per, found", "a period after the amount, such as /day or per month"));
    }
    let period = attempt!(period(&mut scanner));
    let quota = match Quota::new(amount.value, period) {
        Ok(quota) => quota,
        Err(error) => return Err(Fault::new(amount.token, "max is", error.accepted())),
    };
    let (quota, accepted) = attempt!(with_offset(&mut scanner, quota));
    if scanner.is_at_end() {
        return Ok(quota);
    }
    Err(scanner.unexpected("unexpected", accepted))
}

/// `COUNT [UNIT] / PERIOD [at OFFSET]`: `50 GiB/day`, `1_000_000 per month`, `10 MB/week at +05:30`.
///
/// - Numbers are whole, with `_` between digits where wanted. Units are bytes: `B`, `kB`, `MB`, `GB`, `TB` of
///   1000, `KiB`, `MiB`, `GiB`, `TiB` of 1024. Case doesn't matter, except that what reads as bits (`Mb`, `Gib`,
///   `kb`) is refused.
/// - Periods are `hour`, `day`, `week`, `month` and `year`, or `h`, `d`, `w`, `mo`, `y`. Not `m`, which might be
///   a minute. `per` may stand for `/`.
/// - The offset from UTC is `+HH:MM` or `-HH:MM` up to 18 hours, `UTC` or `Z`; UTC when left out.
impl FromStr for Quota {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        whole_quota(text).map_err(|fault| ParseError::new(text, fault))
    }
}

/// A short text that parses back to the same quota: `50 GiB/day`, `1000/month at +05:30`.
///
/// What is a whole multiple of MB, MiB, GB, … is shown in the largest of these units.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_amount(f, self.max())?;
        write!(f, "/{}", self.period())?;
        match self.utc_offset_minutes() {
            0 => Ok(()),
            minutes => write_offset(f, minutes),
        }
    }
}

/// A period's name, in whatever case, or one of its short forms: `day`, `days`, `d`.
impl FromStr for Period {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        whole_period(text).map_err(|fault| ParseError::new(text, fault))
    }
}

/// The period's name.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn whole_period(text: &str) -> Result<Period, Fault> {
    let mut scanner = Scanner::new(text);
    let period = period(&mut scanner)?;
    if scanner.is_at_end() {
        return Ok(period);
    }
    Err(scanner.unexpected("unexpected", "nothing more"))
}

const fn period(scanner: &mut Scanner<'_>) -> Result<Period, Fault> {
    let token = scanner.token();
    let word = scanner.bytes(token);
    if let Some(period) = look_up(word, PERIODS) {
        scanner.pass(token);
        return Ok(period);
    }
    let problem = if !scanner.is_at_word() {
        "expected a period, found"
    } else if same_word(word, "m") {
        "ambiguous period"
    } else {
        "unknown period"
    };
    Err(Fault::new(token, problem, ACCEPTED_PERIODS))
}

/// Reads the offset, if one comes next, and says what may follow.
const fn with_offset(scanner: &mut Scanner<'_>, quota: Quota) -> Result<(Quota, &'static str), Fault> {
    if !scanner.eat("at") {
        return Ok((quota, "at +HH:MM, or nothing more"));
    }
    let (minutes, token) = attempt!(offset(scanner));
    match quota.with_utc_offset_minutes(minutes) {
        Ok(quota) => Ok((quota, "nothing more")),
        Err(_) => Err(Fault::new(token, "offset is", "-18:00 to +18:00")),
    }
}
