//! Arguments written into a statement's text: for poolers, between whose messages the session may change.
//!
//! They are made of digits, hexadecimal digits, `null`, `true`, `false`, and ids of letters, digits, `_` and `-`: there
//! is nothing to escape, and nothing can end a literal early.

use std::fmt::Write as _;

use crate::call::Argument;

/// Writes an argument. An id that isn't one is refused, with the reason.
pub(crate) fn write(text: &mut String, argument: &Argument) -> Result<(), &'static str> {
    match argument {
        Argument::Key(key) => bytes(text, key),
        Argument::Keys(keys) => list(text, keys, |text, key| bytes(text, key)),
        Argument::Number(Some(number)) => quoted(text, &number.to_string()),
        Argument::Number(None) => text.push_str("null"),
        Argument::Numbers(numbers) => list(text, numbers, |text, number| quoted(text, &number.to_string())),
        Argument::Id(id) => quoted(text, checked(id)?),
        Argument::Ids(ids) => {
            for id in ids {
                checked(id)?;
            }
            list(text, ids, |text, id| quoted(text, id));
        }
        Argument::Flag(flag) => text.push_str(if *flag { "true" } else { "false" }),
    }
    text.push_str("::");
    text.push_str(argument.kind());
    Ok(())
}

/// `E''` takes a backslash as one whatever the session's `standard_conforming_strings` says.
fn bytes(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push_str("E'\\\\x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text.push('\'');
}

fn list<T>(text: &mut String, items: &[T], mut item: impl FnMut(&mut String, &T)) {
    text.push_str("array[");
    for (place, one) in items.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        item(text, one);
    }
    text.push(']');
}

fn quoted(text: &mut String, plain: &str) {
    // Writing to a String can't fail.
    let _ = write!(text, "'{plain}'");
}

fn checked(id: &str) -> Result<&str, &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.bytes().all(plain) { Ok(id) } else { Err("an id holds more than letters, digits, _ and -") }
}

#[cfg(test)]
mod tests;
