//! What the scripts on quotas answer.

use std::time::Duration;

use limiter_core::{QuotaOutcome, Result, Retry, Source};
use redis::Value;

use crate::reply::{amount, numbers, unexpected};

/// How a counter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) used: u64,
    pub(super) reserved: u64,
    reset_ms: u64,
    retry_after: Option<Retry>,
}

/// The outcome of a script on one counter; `allowed` says that it can be no other.
pub(super) fn outcome(reply: &Value, max: u64, allowed: bool) -> Result<QuotaOutcome> {
    match outcomes(reply, &[max], allowed)?.as_slice() {
        [outcome] => Ok(*outcome),
        _ => Err(unexpected("tells of more than one counter")),
    }
}

/// The outcomes of a script on counters with these maxima.
pub(super) fn outcomes(reply: &Value, maxima: &[u64], allowed: bool) -> Result<Vec<QuotaOutcome>> {
    let told = numbers(reply)?;
    let (standings, []) = told.as_chunks() else {
        return Err(unexpected("isn't four numbers a counter"));
    };
    if standings.len() != maxima.len() {
        return Err(unexpected("tells of more or fewer counters than were asked for"));
    }
    let standings: Vec<_> = standings.iter().map(standing).collect::<Result<_>>()?;
    if allowed && standings.iter().any(|standing| !standing.fits()) {
        return Err(unexpected("refuses what is always allowed"));
    }
    Ok(standings.iter().zip(maxima).map(|(standing, max)| standing.outcome(*max)).collect())
}

/// Reads the four numbers that tell how a counter stands.
pub(super) fn standing(told: &[i64; 4]) -> Result<Standing> {
    let [used, reserved, reset_ms, wait_ms] = *told;
    let retry_after = match wait_ms {
        0 => None,
        -1 => Some(Retry::Never),
        _ => Some(Retry::After(Duration::from_millis(amount(wait_ms)?))),
    };
    Ok(Standing {
        used: amount(used)?,
        reserved: amount(reserved)?,
        reset_ms: amount(reset_ms)?,
        retry_after,
    })
}

impl Standing {
    /// Whether what was asked for fits.
    pub(super) const fn fits(&self) -> bool {
        self.retry_after.is_none()
    }

    pub(super) const fn outcome(&self, max: u64) -> QuotaOutcome {
        QuotaOutcome {
            used: self.used,
            reserved: self.reserved,
            remaining: max.saturating_sub(self.used + self.reserved),
            reset_after: Duration::from_millis(self.reset_ms),
            retry_after: self.retry_after,
            source: Source::Store,
        }
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::{EXACT, ErrorKind};

    use super::*;

    fn packed(numbers: &[f64]) -> Value {
        Value::BulkString(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    #[test]
    fn outcomes_are_read() {
        let told = packed(&[3.0, 4.0, 50.0, 0.0, 9.0, 0.0, 60.0, -1.0, 9.0, 1.0, 60.0, 20.0]);
        let outcomes = outcomes(&told, &[9, 8, 10], false).unwrap();
        let read: Vec<_> = outcomes.iter().map(|told| (told.used, told.reserved, told.remaining)).collect();
        assert_eq!(read, [(3, 4, 2), (9, 0, 0), (9, 1, 0)]);
        let waits: Vec<_> = outcomes.iter().map(|told| told.retry_after).collect();
        assert_eq!(waits, [None, Some(Retry::Never), Some(Retry::After(Duration::from_millis(20)))]);
        assert_eq!(outcomes[0].reset_after, Duration::from_millis(50));
    }

    #[test]
    fn sums_may_pass_what_is_exact() {
        #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 fits exactly")]
        let most = EXACT as f64;
        assert_eq!(outcome(&packed(&[most, most, 1.0, 0.0]), EXACT, true).unwrap().remaining, 0);
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong: [(&[f64], bool); 8] = [
            (&[], false),
            (&[1.0, 0.0, 1.0], false),
            (&[1.0, 0.0, 1.0, 0.0, 0.0], false),
            (&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0], false),
            (&[-1.0, 0.0, 1.0, 0.0], false),
            (&[1.0, 0.0, 1.0, -2.0], false),
            (&[1.0, 0.0, 1.0, -1.0], true),
            (&[1.0, 0.0, 1.0, 7.0], true),
        ];
        for (numbers, allowed) in wrong {
            let error = outcome(&packed(numbers), 5, allowed).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{numbers:?}");
        }
        assert_eq!(outcome(&Value::Nil, 5, false).unwrap_err().kind(), ErrorKind::Protocol);
    }
}
