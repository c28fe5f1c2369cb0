//! Quota that is set aside before the work and settled after it.

use std::time::Duration;

use crate::charge::{check_amount, check_count};
use crate::error::{Error, Result};
use crate::id::ReservationId;
use crate::key::Key;
use crate::lease::ttl_ms;
use crate::outcome::{Retry, Source};
use crate::quota::Quota;

/// A key, a quota and an amount: one line of a reservation or a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaCharge {
    key: Key,
    quota: Quota,
    amount: u64,
}

impl QuotaCharge {
    /// `amount` units (0 to 2^53 − 1: checked with the reservation or settlement) of a quota on a key.
    pub const fn new(key: Key, quota: Quota, amount: u64) -> Self {
        Self { key, quota, amount }
    }

    /// Whose counter.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Which quota.
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }

    /// How many units.
    pub const fn amount(&self) -> u64 {
        self.amount
    }
}

/// An estimate that is set aside until it is settled or its TTL runs out, over one or several counters.
///
/// It carries its id from the start, so that reserve and settle can be repeated when an answer was lost.
///
/// ```
/// use std::time::Duration;
/// use limiter_core::{Key, Period, Quota, QuotaCharge, Reservation};
///
/// let day = Quota::new(1_000_000, Period::Day)?;
/// let charge = QuotaCharge::new(Key::new("scan.bytes", "u1")?, day, 4_000);
/// let reservation = Reservation::new([charge], Duration::from_secs(600))?;
/// let settlement = reservation.settlement(&[3_172])?;
/// assert_eq!(settlement.id(), reservation.id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    id: ReservationId,
    charges: Box<[QuotaCharge]>,
    ttl_ms: u64,
}

impl Reservation {
    /// A reservation that is held for `ttl` unless settled before. The TTL counts in whole milliseconds, what
    /// is beyond them is cut off.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for no charges, more than 64, a counter (key, period,
    /// offset) named twice, an amount above 2^53 − 1, a TTL below 1 ms or above 30 days.
    pub fn new(charges: impl Into<Box<[QuotaCharge]>>, ttl: Duration) -> Result<Self> {
        let charges = charges.into();
        check_charges(&charges)?;
        Ok(Self { id: ReservationId::random()?, charges, ttl_ms: ttl_ms(ttl)? })
    }

    /// The same reservation under an id of one's own choice: for tests and for repeating a lost request.
    #[must_use]
    pub fn with_id(mut self, id: ReservationId) -> Self {
        self.id = id;
        self
    }

    /// What was really used, one amount for each charge in order.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for more or fewer amounts than charges, or one above
    /// 2^53 − 1.
    pub fn settlement(&self, actual: &[u64]) -> Result<Settlement> {
        if actual.len() != self.charges.len() {
            let accepted = format!("{}, one for each charge of the reservation", self.charges.len());
            return Err(Error::invalid("number of amounts", actual.len(), &accepted));
        }
        let settle =
            |(charge, amount): (&QuotaCharge, &u64)| QuotaCharge { amount: *amount, ..charge.clone() };
        Settlement::new(self.id.clone(), self.charges.iter().zip(actual).map(settle).collect::<Box<[_]>>())
    }

    /// The settlement that gives everything back: nothing was used.
    pub fn cancellation(&self) -> Settlement {
        let nothing = |charge: &QuotaCharge| QuotaCharge { amount: 0, ..charge.clone() };
        Settlement { id: self.id.clone(), charges: self.charges.iter().map(nothing).collect() }
    }

    /// The id.
    pub const fn id(&self) -> &ReservationId {
        &self.id
    }

    /// What is set aside.
    pub const fn charges(&self) -> &[QuotaCharge] {
        &self.charges
    }

    /// The time to live in milliseconds.
    pub const fn ttl_ms(&self) -> u64 {
        self.ttl_ms
    }
}

/// What was really used under a reservation's id. It may be sent again until it is answered: it counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    id: ReservationId,
    charges: Box<[QuotaCharge]>,
}

impl Settlement {
    /// A settlement from its parts. A service gets its own from [`Reservation::settlement`].
    ///
    /// # Errors
    /// As [`Reservation::new`].
    pub fn new(id: ReservationId, charges: impl Into<Box<[QuotaCharge]>>) -> Result<Self> {
        let charges = charges.into();
        check_charges(&charges)?;
        Ok(Self { id, charges })
    }

    /// The reservation's id.
    pub const fn id(&self) -> &ReservationId {
        &self.id
    }

    /// The actual amounts.
    pub const fn charges(&self) -> &[QuotaCharge] {
        &self.charges
    }
}

/// How a quota's counter stands after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an outcome that nobody looks at limits nothing"]
pub struct QuotaOutcome {
    /// Units used in the current period.
    pub used: u64,
    /// Units set aside and not yet settled.
    pub reserved: u64,
    /// Units left: `max − used − reserved`, at least 0.
    pub remaining: u64,
    /// Time to the period's end.
    pub reset_after: Duration,
    /// When refused: the least wait after which the same call fits, if nobody does anything.
    pub retry_after: Option<Retry>,
    /// Where the answer comes from. The numbers of one that didn't come from the counters are those that are known, and
    /// otherwise as if nothing had been used.
    pub source: Source,
}

impl QuotaOutcome {
    /// Whether it was allowed. What records consumption is always allowed.
    pub const fn is_allowed(&self) -> bool {
        self.retry_after.is_none()
    }
}

/// The answer to a reserve: one outcome for each charge, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a reserve that nobody looks at limits nothing"]
pub enum Reserved {
    /// Set aside in every counter.
    Granted(Vec<QuotaOutcome>),
    /// Nothing was set aside. Each outcome tells whether its charge would have fit.
    Refused(Vec<QuotaOutcome>),
}

impl Reserved {
    /// Whether it was granted.
    pub const fn is_granted(&self) -> bool {
        matches!(self, Self::Granted(_))
    }

    /// One outcome for each charge, in order.
    pub fn outcomes(&self) -> &[QuotaOutcome] {
        match self {
            Self::Granted(outcomes) | Self::Refused(outcomes) => outcomes,
        }
    }

    /// The first charge that was refused, and how its counter stands.
    pub fn refused(&self) -> Option<(usize, &QuotaOutcome)> {
        self.outcomes().iter().enumerate().find(|(_, outcome)| !outcome.is_allowed())
    }

    /// The longest wait among the refused charges; `None` when granted.
    pub fn retry_after(&self) -> Option<Retry> {
        self.outcomes().iter().filter_map(|outcome| outcome.retry_after).max()
    }
}

fn check_charges(charges: &[QuotaCharge]) -> Result<()> {
    check_count("charges", charges.len())?;
    for (index, charge) in charges.iter().enumerate() {
        check_amount("amount", charge.amount)?;
        let same = |other: &QuotaCharge| other.quota.same_counter(&charge.quota) && other.key == charge.key;
        if let Some(first) = charges[..index].iter().position(same) {
            let what = format!("those at {first} and {index}: one counter of {:?}", charge.key.space());
            return Err(Error::invalid("charges", what, "each key, period and offset once in a call"));
        }
    }
    Ok(())
}
