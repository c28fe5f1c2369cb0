//! The window of a limit: `/min`, `per 2 hours`, `/100ms`.

use std::fmt;

use super::fault::{Fault, Token};
use super::scanner::{Scanner, look_up, same_word};
use crate::limit::MAX_WINDOW_MS;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("millisecond", 1),
    ("milliseconds", 1),
    ("s", SECOND),
    ("sec", SECOND),
    ("secs", SECOND),
    ("second", SECOND),
    ("seconds", SECOND),
    ("min", MINUTE),
    ("mins", MINUTE),
    ("minute", MINUTE),
    ("minutes", MINUTE),
    ("h", HOUR),
    ("hr", HOUR),
    ("hour", HOUR),
    ("hours", HOUR),
    ("d", DAY),
    ("day", DAY),
    ("days", DAY),
    ("w", WEEK),
    ("week", WEEK),
    ("weeks", WEEK),
];

const CALENDAR: &[(&str, ())] = &[("month", ()), ("months", ()), ("year", ()), ("years", ())];

/// How a window is written, the largest unit first: in one of the unit, and in several.
const SHOWN: [(u64, &str, &str); 6] = [
    (WEEK, "week", "w"),
    (DAY, "day", "d"),
    (HOUR, "hour", "h"),
    (MINUTE, "min", "min"),
    (SECOND, "s", "s"),
    (1, "ms", "ms"),
];

const ACCEPTED_UNITS: &str = "ms, s, sec, second(s), min, minute(s), h, hour(s), d, day(s), w, week(s)";

/// Reads a window of a length that a limit may have, in milliseconds.
pub(super) const fn window_ms(scanner: &mut Scanner<'_>) -> Result<u64, Fault> {
    if !scanner.eat("/") && !scanner.eat("per") {
        return Err(scanner.unexpected(
            "expected / or per, found",
            "a window after the number, such as /min or per 2 hours",
        ));
    }
    let first = scanner.token();
    let count = if scanner.is_at_digit() { attempt!(scanner.number(ACCEPTED_UNITS)).value } else { 1 };
    let unit = scanner.token();
    let unit_ms = attempt!(unit_ms(scanner, unit));
    scanner.pass(unit);
    let window_ms = count.saturating_mul(unit_ms);
    if window_ms == 0 || window_ms > MAX_WINDOW_MS {
        return Err(Fault::new(first.to(unit), "window is", "1 ms to 366 days"));
    }
    Ok(window_ms)
}

/// Writes a window in the largest unit that it is a whole multiple of.
pub(super) fn write_window(f: &mut fmt::Formatter<'_>, window_ms: u64) -> fmt::Result {
    for (unit_ms, one, several) in SHOWN {
        if window_ms == unit_ms {
            return f.write_str(one);
        }
        if window_ms.is_multiple_of(unit_ms) {
            return write!(f, "{}{several}", window_ms / unit_ms);
        }
    }
    Ok(())
}

const fn unit_ms(scanner: &Scanner<'_>, unit: Token) -> Result<u64, Fault> {
    let word = scanner.bytes(unit);
    if let Some(unit_ms) = look_up(word, UNITS) {
        return Ok(unit_ms);
    }
    if !scanner.is_at_word() {
        return Err(Fault::new(unit, "expected a unit, found", ACCEPTED_UNITS));
    }
    if same_word(word, "m") {
        return Err(Fault::new(unit, "ambiguous unit", "min for minutes; months are periods of quotas"));
    }
    if look_up(word, CALENDAR).is_some() {
        return Err(Fault::new(
            unit,
            "no fixed length in unit",
            "ms to week(s); calendar months and years are periods of quotas",
        ));
    }
    Err(Fault::new(unit, "unknown unit", ACCEPTED_UNITS))
}
