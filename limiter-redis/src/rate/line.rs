//! A charge as the scripts see it.

use limiter_core::{Algorithm, Charge, EXACT, Outcome, Result};
use redis::Value;

use crate::reply::{amount, numbers, unexpected};

/// Added to the kind of a limit that counts denied hits.
const COUNTS_DENIED: u64 = 10;
/// In place of a time: nothing was charged. In place of a wait: it fits.
const NONE: i64 = -1;
/// In place of a wait: it never fits.
const NEVER: i64 = -2;

/// A charge as the scripts see it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    place: usize,
    name: String,
    /// The list beside the counter of a sliding log.
    list: Option<String>,
    limit: [u64; 4],
    cost: u64,
    charged_at_ms: u64,
}

impl Line {
    /// The line of a charge by its place in the call and the name of its counter; `None` for one that is unlimited.
    pub(super) fn new(place: usize, charge: &Charge<'_>, name: String) -> Option<Self> {
        let limit = charge.limit();
        let kind = match limit.algorithm() {
            Algorithm::FixedWindow => 1,
            Algorithm::SlidingWindow => 2,
            Algorithm::SlidingLog => 3,
            Algorithm::TokenBucket => 4,
            _ => return None,
        };
        let list = (kind == 3).then(|| format!("{name}:e"));
        let kind = if limit.counts_denied() { kind + COUNTS_DENIED } else { kind };
        let limit = [kind, limit.max(), limit.window_ms(), limit.capacity()];
        Some(Self { place, name, list, limit, cost: charge.cost(), charged_at_ms: 0 })
    }

    /// The same line, charged at a time.
    pub(super) const fn charged_at(mut self, charged_at_ms: u64) -> Self {
        self.charged_at_ms = charged_at_ms;
        self
    }

    /// Its charge's place in the call.
    pub(super) const fn place(&self) -> usize {
        self.place
    }

    /// The name of its counter.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What `hit.lua` is told of it.
    pub(super) fn numbers(&self) -> [u64; 5] {
        let [kind, max, window, capacity] = self.limit;
        [kind, max, window, capacity, self.cost]
    }

    /// What `refund.lua` is told of it.
    pub(super) fn numbers_of_refund(&self) -> [u64; 6] {
        let [kind, max, window, capacity] = self.limit;
        [kind, max, window, capacity, self.cost, self.charged_at_ms]
    }
}

/// The keys of a script: the counters, then the lists of the logs among them.
pub(super) fn keys_of(lines: &[Line]) -> Vec<&str> {
    let mut keys = Vec::with_capacity(2 * lines.len());
    keys.extend(lines.iter().map(Line::name));
    keys.extend(lines.iter().filter_map(|line| line.list.as_deref()));
    keys
}

/// What `hit.lua` answers for these lines: the short form stands only for what it has charged.
pub(super) fn outcomes(reply: &Value, lines: &[Line], may_charge: bool) -> Result<Vec<Outcome>> {
    let numbers = numbers(reply)?;
    let each = match numbers.len() {
        length if length == 3 * lines.len() && may_charge => 3,
        length if length == 4 * lines.len() => 4,
        _ => return Err(unexpected("has another number of charges")),
    };
    lines.iter().zip(numbers.chunks(each)).map(|(line, told)| outcome(line, told)).collect()
}

/// The outcomes of the charges that are unlimited.
pub(super) fn unlimited(charges: &[Charge<'_>]) -> impl Iterator<Item = Outcome> {
    let unlimited = charges.iter().enumerate().filter(|(_, charge)| charge.limit().is_unlimited());
    unlimited.map(|(place, _)| Outcome::fitting(place, EXACT, 0))
}

fn outcome(line: &Line, told: &[i64]) -> Result<Outcome> {
    let [remaining, reset_after, charged_at, wait @ ..] = told else {
        return Err(unexpected("is too short"));
    };
    let (remaining, reset_after) = (amount(*remaining)?, amount(*reset_after)?);
    let outcome = match wait.first().copied().unwrap_or(NONE) {
        NONE => Outcome::fitting(line.place, remaining, reset_after),
        NEVER => Outcome::refused(line.place, remaining, reset_after, None),
        wait => Outcome::refused(line.place, remaining, reset_after, Some(amount(wait)?)),
    };
    match *charged_at {
        NONE => Ok(outcome),
        charged_at => Ok(outcome.charged_at(amount(charged_at)?)),
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::{ErrorKind, Key, limit};

    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        let (key, limit) = (Key::new("chat", "u1").unwrap(), limit!("5/min"));
        (0..count)
            .map(|place| Line::new(place, &Charge::new(&key, &limit), "n".to_owned()).unwrap())
            .collect()
    }

    fn packed(numbers: &[f64]) -> Value {
        Value::BulkString(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    #[test]
    fn the_short_form_is_what_was_charged() {
        let told = outcomes(&packed(&[4.0, 60.0, 7.0, 3.0, 9.0, -1.0]), &lines(2), true).unwrap();
        assert_eq!(told[0], Outcome::fitting(0, 4, 60).charged_at(7));
        assert_eq!(told[1], Outcome::fitting(1, 3, 9));
    }

    #[test]
    fn the_long_form_tells_the_waits() {
        let reply = [0.0, 60.0, -1.0, 30.0, 3.0, 9.0, -1.0, -1.0, 0.0, 0.0, 5.0, -2.0];
        let told = outcomes(&packed(&reply), &lines(3), true).unwrap();
        assert_eq!(told[0], Outcome::refused(0, 0, 60, Some(30)));
        assert_eq!(told[1], Outcome::fitting(1, 3, 9));
        assert_eq!(told[2], Outcome::refused(2, 0, 0, None).charged_at(5));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let wrong: [(&[f64], bool); 6] = [
            (&[4.0, 60.0, 7.0], false),
            (&[4.0, 60.0], true),
            (&[-1.0, 60.0, 7.0], true),
            (&[4.0, -1.0, 7.0], true),
            (&[4.0, 60.0, -3.0], true),
            (&[4.0, 60.0, 7.0, -3.0], true),
        ];
        for (reply, may_charge) in wrong {
            let error = outcomes(&packed(reply), &lines(1), may_charge).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{reply:?}: {error}");
        }
    }
}
