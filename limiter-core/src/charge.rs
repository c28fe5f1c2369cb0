//! What one call asks for.

use crate::error::{Error, Result};
use crate::exact::{EXACT, MAX_PER_CALL};
use crate::key::Key;
use crate::limit::Limit;

/// A key, a limit and a cost: one line of a hit.
///
/// ```
/// use limiter_core::{Charge, Key, limit};
///
/// let (user, address) = (Key::new("chat.user", "u1")?, Key::new("chat.address", "203.0.113.7")?);
/// let (minute, hour, address_limit) = (limit!("5/min"), limit!("60/hour"), limit!("30/min"));
/// let charges = [
///     Charge::new(&user, &minute),
///     Charge::new(&user, &hour),
///     Charge::new(&address, &address_limit).with_cost(2),
/// ];
/// limiter_core::check_charges(&charges)?;
/// # Ok::<(), limiter_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    key: &'a Key,
    limit: &'a Limit,
    cost: u64,
}

impl<'a> Charge<'a> {
    /// One unit of a limit on a key.
    #[inline]
    pub const fn new(key: &'a Key, limit: &'a Limit) -> Self {
        Self { key, limit, cost: 1 }
    }

    /// The same charge with a cost in units, up to 2^53 − 1: checked with the call. A cost of 0 asks whether
    /// anything would fit and uses nothing up.
    #[inline]
    #[must_use]
    pub const fn with_cost(mut self, cost: u64) -> Self {
        self.cost = cost;
        self
    }

    /// Whose counter.
    #[inline]
    pub const fn key(&self) -> &'a Key {
        self.key
    }

    /// Which limit.
    #[inline]
    pub const fn limit(&self) -> &'a Limit {
        self.limit
    }

    /// How many units.
    #[inline]
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    fn same_counter(&self, other: &Self) -> bool {
        self.limit.same_counter(other.limit) && self.key == other.key
    }
}

/// Checks the charges of one call: what every backend does first.
///
/// # Errors
/// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for no charges, more than 64, a cost above 2^53 − 1,
/// or one counter (key, algorithm, window) named twice.
#[inline]
pub fn check_charges(charges: &[Charge<'_>]) -> Result<()> {
    match charges {
        [one] if one.cost <= EXACT => Ok(()),
        _ => check_several(charges),
    }
}

fn check_several(charges: &[Charge<'_>]) -> Result<()> {
    check_count("charges", charges.len())?;
    for (index, charge) in charges.iter().enumerate() {
        check_amount("cost", charge.cost)?;
        if let Some(first) = charges[..index].iter().position(|earlier| earlier.same_counter(charge)) {
            let what = format!("those at {first} and {index}: one counter of {:?}", charge.key.space());
            return Err(Error::invalid("charges", what, "each key, algorithm and window once in a call"));
        }
    }
    Ok(())
}

/// Checks how many charges, scopes or keys one call names.
pub(crate) fn check_count(field: &str, count: usize) -> Result<()> {
    if (1..=MAX_PER_CALL).contains(&count) {
        return Ok(());
    }
    Err(Error::invalid(&format!("number of {field}"), count, "1 to 64"))
}

/// Checks a number of units, such as the amount of a record: what a backend does before it counts.
///
/// # Errors
/// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) above 2^53 − 1; `field` names it.
pub fn check_amount(field: &str, amount: u64) -> Result<()> {
    if amount <= EXACT {
        return Ok(());
    }
    Err(Error::invalid(field, amount, "0 to 9007199254740991 (2^53 - 1)"))
}
