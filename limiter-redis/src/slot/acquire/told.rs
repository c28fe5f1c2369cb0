//! What the script that acquires answers.

use limiter_core::Result;
use redis::Value;

use crate::reply::{amount, numbers, unexpected};

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Granted in all scopes.
    Granted { expires_ms: u64, scopes: Vec<Standing> },
    /// Nothing was granted.
    Asked(Vec<Standing>),
    /// The id is live with other permits.
    Conflict { held: u64 },
}

/// How a scope stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) in_use: u64,
    more: u64,
}

impl Standing {
    /// Until when the lease that was granted had been live there before; 0 where it hadn't.
    pub(super) const fn before_ms(self) -> u64 {
        self.more
    }

    /// Whether there was no room where nothing was granted.
    pub(super) const fn denies(self) -> bool {
        self.more > 0
    }
}

/// Reads an answer for so many scopes. Nothing may be granted where that wasn't asked for, and what was asked for may
/// only be denied for want of room.
pub(super) fn told(reply: &Value, scopes: usize, asked_for: bool) -> Result<Told> {
    let told: Vec<_> = numbers(reply)?.into_iter().map(amount).collect::<Result<_>>()?;
    match told.as_slice() {
        [1, expires_ms, rest @ ..] if asked_for => {
            Ok(Told::Granted { expires_ms: *expires_ms, scopes: standings(rest, scopes)? })
        }
        [0, rest @ ..] => {
            let scopes = standings(rest, scopes)?;
            let denied = scopes.iter().any(|scope| scope.denies());
            if scopes.iter().any(|scope| scope.more > 1) || (asked_for && !denied) {
                return Err(unexpected("denies for no reason"));
            }
            Ok(Told::Asked(scopes))
        }
        [2, held] => Ok(Told::Conflict { held: *held }),
        _ => Err(unexpected("isn't an answer to an acquire")),
    }
}

fn standings(told: &[u64], scopes: usize) -> Result<Vec<Standing>> {
    match told.as_chunks() {
        (pairs, []) if pairs.len() == scopes => {
            Ok(pairs.iter().map(|[in_use, more]| Standing { in_use: *in_use, more: *more }).collect())
        }
        _ => Err(unexpected("tells of more or fewer scopes than were asked for")),
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::ErrorKind;

    use super::*;

    fn packed(numbers: &[f64]) -> Value {
        Value::BulkString(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    const fn standing(in_use: u64, more: u64) -> Standing {
        Standing { in_use, more }
    }

    #[test]
    fn the_three_kinds_of_answer_are_read() {
        let granted = told(&packed(&[1.0, 90.0, 3.0, 0.0, 4.0, 80.0]), 2, true).unwrap();
        assert_eq!(granted, Told::Granted { expires_ms: 90, scopes: vec![standing(3, 0), standing(4, 80)] });
        let full = told(&packed(&[0.0, 3.0, 0.0, 4.0, 1.0]), 2, true).unwrap();
        assert_eq!(full, Told::Asked(vec![standing(3, 0), standing(4, 1)]));
        let asked = told(&packed(&[0.0, 3.0, 0.0]), 1, false).unwrap();
        assert_eq!(asked, Told::Asked(vec![standing(3, 0)]));
        assert_eq!(told(&packed(&[2.0, 7.0]), 3, true).unwrap(), Told::Conflict { held: 7 });
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong: [(&[f64], bool); 10] = [
            (&[], true),
            (&[1.0], true),
            (&[1.0, 90.0, 3.0], true),
            (&[1.0, 90.0, 3.0, 0.0, 1.0, 0.0], true),
            (&[1.0, 90.0, 3.0, 0.0], false),
            (&[0.0, 3.0, 0.0], true),
            (&[0.0, 3.0, 2.0], true),
            (&[0.0, -3.0, 1.0], true),
            (&[2.0, 7.0, 1.0], true),
            (&[3.0, 7.0], true),
        ];
        for (numbers, asked_for) in wrong {
            let error = told(&packed(numbers), 1, asked_for).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{numbers:?}");
        }
    }
}
