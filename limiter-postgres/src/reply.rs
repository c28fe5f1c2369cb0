//! What functions answer, read strictly: anything but an answer is an error of kind `Protocol`.

use limiter_core::{EXACT, Error, ErrorKind, Result};
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

/// An answer that isn't one.
#[cold]
pub(crate) fn unexpected(what: &str) -> Error {
    let message = format!("the function's answer {what}; has somebody changed the limiter's schema?");
    Error::new(ErrorKind::Protocol, message)
}

/// A column by its name.
pub(crate) fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, name: &str) -> Result<T> {
    row.try_get(name).map_err(|_| unexpected(&format!("has no column {name} of the right type")))
}

/// A number of units or milliseconds in a column, 0 to `EXACT`.
pub(crate) fn amount_in(row: &PgRow, name: &str) -> Result<u64> {
    amount(column(row, name)?)
}

/// The list of numbers that a function answers as its only value.
pub(crate) fn numbers(rows: &[PgRow]) -> Result<Vec<i64>> {
    match rows {
        [row] => row.try_get(0).map_err(|_| unexpected("isn't a list of numbers")),
        _ => Err(unexpected("isn't one row")),
    }
}

/// A number of units or milliseconds, 0 to `EXACT`.
pub(crate) fn amount(number: i64) -> Result<u64> {
    u64::try_from(number).ok().filter(|amount| *amount <= EXACT).ok_or_else(|| unexpected("is out of range"))
}
