//! A charge as the functions see it.

use limiter_core::{Charge, EXACT, Outcome, Result};

use crate::key::{Names, kind};
use crate::reply::{amount, unexpected};

/// Added to the kind of a limit that counts denied hits.
const COUNTS_DENIED: u64 = 10;
/// In place of a time: nothing was charged. In place of a wait: it fits.
const NONE: i64 = -1;
/// In place of a wait: it never fits.
const NEVER: i64 = -2;

/// A charge as the functions see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    place: usize,
    counter: Vec<u8>,
    limit: [u64; 4],
    cost: u64,
}

impl Line {
    /// The line of a charge by its place in the call; `None` for one that is unlimited, of which nothing is stored.
    pub(super) fn new(place: usize, charge: &Charge<'_>, names: &Names) -> Option<Self> {
        let limit = charge.limit();
        let kind = kind(limit)?;
        let counter = names.rate(charge.key(), kind, limit.window_ms());
        let kind = u64::from(kind) + if limit.counts_denied() { COUNTS_DENIED } else { 0 };
        let limit = [kind, limit.max(), limit.window_ms(), limit.capacity()];
        Some(Self { place, counter, limit, cost: charge.cost() })
    }

    /// The name of its counter.
    pub(super) fn counter(&self) -> &[u8] {
        &self.counter
    }

    /// Kind, max, window, capacity and cost.
    pub(super) fn numbers(&self) -> [i64; 5] {
        let [kind, max, window, capacity] = self.limit.map(u64::cast_signed);
        [kind, max, window, capacity, self.cost.cast_signed()]
    }

    /// What was told of it: remaining, ms to the reset, time of the charge, and the wait unless it fits.
    fn outcome(&self, told: &[i64]) -> Result<Outcome> {
        let (&[remaining, reset_after, charged_at], wait) =
            told.split_first_chunk().ok_or_else(|| unexpected("is too short"))?;
        let (remaining, reset_after) = (amount(remaining)?, amount(reset_after)?);
        let outcome = match wait.first().copied().unwrap_or(NONE) {
            NONE => Outcome::fitting(self.place, remaining, reset_after),
            NEVER => Outcome::refused(self.place, remaining, reset_after, None),
            wait => Outcome::refused(self.place, remaining, reset_after, Some(amount(wait)?)),
        };
        match charged_at {
            NONE => Ok(outcome),
            charged_at => Ok(outcome.charged_at(amount(charged_at)?)),
        }
    }
}

/// The outcomes of lines of which three numbers each are told where all are allowed, else four.
pub(super) fn outcomes(lines: &[Line], told: &[i64]) -> Result<Vec<Outcome>> {
    let each = if told.len() == 3 * lines.len() { 3 } else { 4 };
    if told.len() != each * lines.len() {
        return Err(unexpected("has another number of charges"));
    }
    lines.iter().zip(told.chunks(each)).map(|(line, told)| line.outcome(told)).collect()
}

/// The outcomes of the charges that are unlimited.
pub(super) fn unlimited(charges: &[Charge<'_>]) -> impl Iterator<Item = Outcome> {
    let unlimited = charges.iter().enumerate().filter(|(_, charge)| charge.limit().is_unlimited());
    unlimited.map(|(place, _)| Outcome::fitting(place, EXACT, 0))
}

#[cfg(test)]
mod tests {
    use limiter_core::{ErrorKind, Key, limit};

    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        let (key, limit) = (Key::new("chat", "u1").unwrap(), limit!("5/min"));
        (0..count)
            .map(|place| Line::new(place, &Charge::new(&key, &limit), &Names::new("")).unwrap())
            .collect()
    }

    #[test]
    fn three_numbers_stand_for_what_fits() {
        let told = outcomes(&lines(2), &[4, 60, 7, 3, 9, -1]).unwrap();
        assert_eq!(told, [Outcome::fitting(0, 4, 60).charged_at(7), Outcome::fitting(1, 3, 9)]);
    }

    #[test]
    fn a_fourth_tells_the_wait() {
        let told = outcomes(&lines(3), &[0, 60, -1, 30, 3, 9, -1, -1, 0, 0, 5, -2]).unwrap();
        assert_eq!(told[0], Outcome::refused(0, 0, 60, Some(30)));
        assert_eq!(told[1], Outcome::fitting(1, 3, 9));
        assert_eq!(told[2], Outcome::refused(2, 0, 0, None).charged_at(5));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for told in [&[4, 60][..], &[-1, 60, 7], &[4, -1, 7], &[4, 60, -3], &[4, 60, 7, -3], &[]] {
            let error = outcomes(&lines(1), told).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{told:?}: {error}");
        }
    }
}
