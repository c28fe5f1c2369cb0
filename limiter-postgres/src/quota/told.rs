//! What the functions on quotas answer.

use std::time::Duration;

use limiter_core::{QuotaCharge, QuotaOutcome, Result, Retry, Source};
use sqlx::postgres::PgRow;

use crate::reply::{amount, amount_in, column, unexpected};

/// What a reserve is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// Set aside in all counters.
    Granted(Vec<QuotaOutcome>),
    /// Nothing was set aside.
    Refused(Vec<QuotaOutcome>),
    /// Nothing was set aside because of what the counter in this place knows of the id.
    Conflict(usize, Conflict),
}

/// What a counter knows of an id that is to be set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// It holds so many units, which are others.
    Holds(u64),
    /// It was settled.
    Settled,
}

/// The answer to a check.
pub(super) fn checked(rows: &[PgRow], max: u64) -> Result<QuotaOutcome> {
    asked(only(rows)?, max)
}

/// The answer to a record.
pub(super) fn recorded(rows: &[PgRow], max: u64) -> Result<QuotaOutcome> {
    standing(only(rows)?, max)
}

/// The answer to a reserve.
pub(super) fn answer(rows: &[PgRow], charges: &[QuotaCharge]) -> Result<Answer> {
    if let [row] = rows
        && let Some(conflict) = column::<Option<i64>>(row, "conflict")?
    {
        let place = place_of(row)?.checked_sub(1).filter(|place| *place < charges.len());
        let place = place.ok_or_else(|| unexpected("names a charge that there isn't"))?;
        return Ok(Answer::Conflict(place, conflict_of(conflict)?));
    }
    let outcomes = in_order(rows, charges, asked)?;
    let granted = outcomes.iter().all(QuotaOutcome::is_allowed);
    Ok(if granted { Answer::Granted(outcomes) } else { Answer::Refused(outcomes) })
}

/// The answer to a settle.
pub(super) fn settled(rows: &[PgRow], charges: &[QuotaCharge]) -> Result<Vec<QuotaOutcome>> {
    in_order(rows, charges, standing)
}

fn only(rows: &[PgRow]) -> Result<&PgRow> {
    if let [row] = rows { Ok(row) } else { Err(unexpected("isn't one row")) }
}

/// A row for each charge, in their order.
fn in_order(
    rows: &[PgRow],
    charges: &[QuotaCharge],
    read: fn(&PgRow, u64) -> Result<QuotaOutcome>,
) -> Result<Vec<QuotaOutcome>> {
    if rows.len() != charges.len() {
        return Err(unexpected("tells of more or fewer charges than were made"));
    }
    let pairs = rows.iter().zip(charges).enumerate();
    let outcomes = pairs.map(|(place, (row, charge))| {
        if place_of(row)? != place + 1 {
            return Err(unexpected("isn't in the order of the charges"));
        }
        read(row, charge.quota().max())
    });
    outcomes.collect()
}

fn place_of(row: &PgRow) -> Result<usize> {
    usize::try_from(column::<i64>(row, "place")?).map_err(|_| unexpected("names a place that can't be"))
}

fn conflict_of(told: i64) -> Result<Conflict> {
    if told == -1 { Ok(Conflict::Settled) } else { amount(told).map(Conflict::Holds) }
}

/// How a counter stands, where the call was allowed.
fn standing(row: &PgRow, max: u64) -> Result<QuotaOutcome> {
    let (used, reserved) = (amount_in(row, "used")?, amount_in(row, "reserved")?);
    let remaining = max.saturating_sub(used + reserved);
    if amount_in(row, "remaining")? != remaining {
        return Err(unexpected("tells of units left that don't add up"));
    }
    let reset_after = Duration::from_millis(amount_in(row, "reset_after_ms")?);
    Ok(QuotaOutcome { used, reserved, remaining, reset_after, retry_after: None, source: Source::Store })
}

/// How a counter stands, where the call may have been refused.
fn asked(row: &PgRow, max: u64) -> Result<QuotaOutcome> {
    let retry_after = match column::<Option<i64>>(row, "retry_after_ms")? {
        None => None,
        Some(-1) => Some(Retry::Never),
        Some(wait_ms) => Some(Retry::After(Duration::from_millis(amount(wait_ms)?))),
    };
    if column::<bool>(row, "allowed")? != retry_after.is_none() {
        return Err(unexpected("is neither allowed nor refused"));
    }
    Ok(QuotaOutcome { retry_after, ..standing(row, max)? })
}
