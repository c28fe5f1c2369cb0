//! Where a quota's periods turn: `at +05:30`, `at UTC`.

use std::fmt;

use super::fault::{Fault, Token};
use super::scanner::{Scanner, same_word};

/// Reads an offset from UTC: minutes, east positive, and where they stand. Its bounds are the quota's to check.
pub(super) const fn offset(scanner: &mut Scanner<'_>) -> Result<(i16, Token), Fault> {
    let token = scanner.stretch();
    let text = scanner.bytes(token);
    let minutes = if same_word(text, "utc") || same_word(text, "z") { Some(0) } else { signed_minutes(text) };
    match minutes {
        Some(minutes) => {
            scanner.pass(token);
            Ok((minutes, token))
        }
        None => Err(Fault::new(token, "expected an offset from UTC, found", "+HH:MM, -HH:MM, UTC or Z")),
    }
}

/// Writes an offset that isn't 0.
pub(super) fn write_offset(f: &mut fmt::Formatter<'_>, minutes: i16) -> fmt::Result {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    write!(f, " at {sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

const fn signed_minutes(text: &[u8]) -> Option<i16> {
    let [sign @ (b'+' | b'-'), hour_tens, hours, b':', minute_tens, minutes] = text else {
        return None;
    };
    match (two_digits(*hour_tens, *hours), two_digits(*minute_tens, *minutes)) {
        (Some(hours), Some(minutes)) if minutes < 60 => {
            let total = hours * 60 + minutes;
            Some(if *sign == b'-' { -total } else { total })
        }
        _ => None,
    }
}

const fn two_digits(tens: u8, ones: u8) -> Option<i16> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Some(((tens - b'0') * 10 + (ones - b'0')) as i16)
    } else {
        None
    }
}
