//! What scripts answer, read strictly: anything but an answer is an error of kind `Protocol`.

use limiter_core::{EXACT, Error, ErrorKind, Result};
use redis::Value;

/// An answer that isn't one.
#[cold]
pub(crate) fn unexpected(what: &str) -> Error {
    let message = format!("the script's reply {what}; is something between this program and the server?");
    Error::new(ErrorKind::Protocol, message)
}

/// Whole numbers packed as little-endian doubles, each from −`EXACT` to `EXACT`.
pub(crate) fn numbers(value: &Value) -> Result<Vec<i64>> {
    let Value::BulkString(bytes) = value else {
        return Err(unexpected("isn't a string"));
    };
    let (doubles, []) = bytes.as_chunks() else {
        return Err(unexpected("isn't a list of doubles"));
    };
    doubles.iter().map(|bytes| whole(f64::from_le_bytes(*bytes))).collect()
}

/// Checks a number that counts things, of which there can't be more than so many.
pub(crate) fn count(reply: &Value, most: usize) -> Result<()> {
    match reply {
        Value::Int(number) if usize::try_from(*number).is_ok_and(|number| number <= most) => Ok(()),
        _ => Err(unexpected("isn't a count of what was given")),
    }
}

/// A list of values.
pub(crate) fn list(value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(unexpected("isn't a list")),
    }
}

/// A number of units or milliseconds, 0 to `EXACT`.
pub(crate) fn amount(number: i64) -> Result<u64> {
    u64::try_from(number).ok().filter(|amount| *amount <= EXACT).ok_or_else(|| unexpected("is out of range"))
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
fn whole(number: f64) -> Result<i64> {
    if number.fract() == 0.0 && number.abs() <= LARGEST {
        return Ok(number as i64);
    }
    Err(unexpected("holds a number that isn't whole or out of range"))
}

/// `EXACT` as a double, which it fits exactly.
const LARGEST: f64 = 9_007_199_254_740_991.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(numbers: &[f64]) -> Value {
        Value::BulkString(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    #[test]
    fn whole_numbers_are_read() {
        let read = numbers(&packed(&[0.0, -2.0, LARGEST])).unwrap();
        assert_eq!(read, [0, -2, EXACT.cast_signed()]);
        assert!(numbers(&packed(&[])).unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = [
            packed(&[0.5]),
            packed(&[f64::NAN]),
            packed(&[f64::INFINITY]),
            packed(&[LARGEST + 1.0]),
            Value::BulkString(vec![0; 9]),
            Value::Int(1),
            Value::Nil,
            Value::Array(vec![]),
        ];
        for value in wrong {
            let error = numbers(&value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{value:?}: {error}");
        }
        assert!(amount(-1).is_err() && amount(0).is_ok() && amount(1 << 53).is_err());
    }

    #[test]
    fn a_count_is_no_more_than_there_was_to_count() {
        assert!(count(&Value::Int(0), 2).is_ok() && count(&Value::Int(2), 2).is_ok());
        for wrong in [Value::Int(3), Value::Int(-1), Value::Nil] {
            assert_eq!(count(&wrong, 2).unwrap_err().kind(), ErrorKind::Protocol, "{wrong:?}");
        }
    }
}
