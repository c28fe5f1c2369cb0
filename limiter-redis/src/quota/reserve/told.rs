//! What the script that reserves answers.

use limiter_core::Result;
use redis::Value;

use super::super::told::{Standing, standing};
use crate::reply::{amount, numbers, unexpected};

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Set aside in all counters.
    Granted(Vec<Seen>),
    /// Nothing was set aside.
    Asked(Vec<Seen>),
    /// The id holds another amount at this place.
    Held { place: usize, units: u64 },
    /// The id was settled.
    Settled,
}

/// How a counter stands, until when units were set aside in it now, and before; 0 where they weren't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) standing: Standing,
    pub(super) until_ms: u64,
    pub(super) before_ms: u64,
}

impl Seen {
    /// Whether units were set aside that weren't before.
    pub(super) const fn is_new(&self) -> bool {
        self.until_ms > 0 && self.before_ms == 0
    }
}

/// Reads an answer for so many charges. Nothing may be set aside where that wasn't asked for, and what was asked for
/// may only be refused where it doesn't fit.
pub(super) fn told(reply: &Value, charges: usize, asked_for: bool) -> Result<Told> {
    match numbers(reply)?.as_slice() {
        [1, rest @ ..] if asked_for => {
            let seen = all_seen(rest, charges)?;
            if seen.iter().any(|seen| !seen.standing.fits() || seen.until_ms == 0) {
                return Err(unexpected("grants what doesn't fit"));
            }
            Ok(Told::Granted(seen))
        }
        [0, rest @ ..] => {
            let seen = all_seen(rest, charges)?;
            if seen.iter().any(|seen| seen.until_ms > 0 || seen.before_ms > 0) {
                return Err(unexpected("sets aside what it refuses"));
            }
            if asked_for && seen.iter().all(|seen| seen.standing.fits()) {
                return Err(unexpected("refuses what fits"));
            }
            Ok(Told::Asked(seen))
        }
        [2, place, units] => Ok(Told::Held { place: place_of(*place, charges)?, units: amount(*units)? }),
        [3, place] => place_of(*place, charges).map(|_| Told::Settled),
        _ => Err(unexpected("isn't an answer to a reserve")),
    }
}

fn place_of(told: i64, charges: usize) -> Result<usize> {
    let place = usize::try_from(told).ok().filter(|place| *place < charges);
    place.ok_or_else(|| unexpected("names a charge that there isn't"))
}

fn all_seen(told: &[i64], charges: usize) -> Result<Vec<Seen>> {
    match told.as_chunks() {
        (counters, []) if counters.len() == charges => counters.iter().map(seen).collect(),
        _ => Err(unexpected("tells of more or fewer charges than were made")),
    }
}

fn seen(told: &[i64; 6]) -> Result<Seen> {
    let [used, reserved, reset_ms, wait_ms, until_ms, before_ms] = *told;
    Ok(Seen {
        standing: standing(&[used, reserved, reset_ms, wait_ms])?,
        until_ms: amount(until_ms)?,
        before_ms: amount(before_ms)?,
    })
}

#[cfg(test)]
mod tests {
    use limiter_core::ErrorKind;

    use super::*;

    fn packed(numbers: &[f64]) -> Value {
        Value::BulkString(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    #[test]
    fn the_four_kinds_of_answer_are_read() {
        let Told::Granted(seen) = told(&packed(&[1.0, 3.0, 4.0, 50.0, 0.0, 90.0, 80.0]), 1, true).unwrap()
        else {
            panic!("it was granted");
        };
        assert_eq!((seen[0].until_ms, seen[0].before_ms, seen[0].is_new()), (90, 80, false));
        assert_eq!((seen[0].standing.used, seen[0].standing.reserved), (3, 4));
        let refused = told(&packed(&[0.0, 3.0, 4.0, 50.0, -1.0, 0.0, 0.0]), 1, true).unwrap();
        assert!(matches!(refused, Told::Asked(seen) if !seen[0].standing.fits() && !seen[0].is_new()));
        let asked = told(&packed(&[0.0, 3.0, 4.0, 50.0, 0.0, 0.0, 0.0]), 1, false).unwrap();
        assert!(matches!(asked, Told::Asked(seen) if seen[0].standing.fits()));
        assert_eq!(told(&packed(&[2.0, 1.0, 7.0]), 2, true).unwrap(), Told::Held { place: 1, units: 7 });
        assert_eq!(told(&packed(&[3.0, 0.0]), 2, true).unwrap(), Told::Settled);
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong: [(&[f64], bool); 11] = [
            (&[], true),
            (&[1.0, 3.0, 4.0, 50.0, 0.0, 90.0], true),
            (&[1.0, 3.0, 4.0, 50.0, 0.0, 90.0, 0.0], false),
            (&[1.0, 3.0, 4.0, 50.0, 5.0, 90.0, 0.0], true),
            (&[1.0, 3.0, 4.0, 50.0, 0.0, 0.0, 0.0], true),
            (&[0.0, 3.0, 4.0, 50.0, 0.0, 0.0, 0.0], true),
            (&[0.0, 3.0, 4.0, 50.0, 5.0, 90.0, 0.0], true),
            (&[2.0, 1.0, 7.0], true),
            (&[2.0, 0.0, -7.0], true),
            (&[3.0, -1.0], true),
            (&[4.0], true),
        ];
        for (numbers, asked_for) in wrong {
            let error = told(&packed(numbers), 1, asked_for).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{numbers:?}");
        }
    }
}
