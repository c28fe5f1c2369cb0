//! What can be asked of quotas.

use std::fmt;

use limiter_core::Quota;

use crate::sequences::play;

/// A key by its place, a quota, an amount.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) key: usize,
    pub(super) quota: Quota,
    pub(super) amount: u64,
}

/// One call. Reservations go by numbers.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Check(Line),
    Record(Line),
    Reserve { number: u8, lines: Vec<Line>, ttl_ms: u64 },
    Settle { number: u8, lines: Vec<Line> },
    Reset(Line),
}

impl play::Call for Call {
    fn simpler(&self) -> Vec<Self> {
        match self {
            Self::Check(_) | Self::Reset(_) => Vec::new(),
            Self::Record(line) => {
                fewer(&[*line]).into_iter().filter_map(|lines| Some(Self::Record(*lines.first()?))).collect()
            }
            Self::Reserve { number, lines, ttl_ms } => {
                let reserve = |lines| Self::Reserve { number: *number, lines, ttl_ms: *ttl_ms };
                fewer(lines).into_iter().map(reserve).collect()
            }
            Self::Settle { number, lines } => {
                fewer(lines).into_iter().map(|lines| Self::Settle { number: *number, lines }).collect()
            }
        }
    }
}

/// The same lines without one of them, or with a smaller amount.
fn fewer(lines: &[Line]) -> Vec<Vec<Line>> {
    let without = (0..lines.len()).filter(|_| lines.len() > 1).map(|place| {
        let mut lines = lines.to_vec();
        lines.remove(place);
        lines
    });
    let smaller = (0..lines.len()).flat_map(|place| {
        let amount = lines[place].amount;
        let smaller = [0, 1, amount / 2, amount.saturating_sub(1)];
        smaller.into_iter().filter(move |smaller| *smaller < amount).map(move |smaller| {
            let mut lines = lines.to_vec();
            lines[place].amount = smaller;
            lines
        })
    });
    without.chain(smaller).collect()
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on key {} by {}", self.amount, self.key + 1, self.quota)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |lines: &[Line]| lines.iter().map(Line::to_string).collect::<Vec<_>>().join(" and ");
        match self {
            Self::Check(Line { key, quota, .. }) => write!(f, "check key {} by {quota}", key + 1),
            Self::Record(line) => write!(f, "record {line}"),
            Self::Reserve { number, lines, ttl_ms } => {
                write!(f, "reserve {number} for {ttl_ms} ms: {}", listed(lines))
            }
            Self::Settle { number, lines } => write!(f, "settle {number}: {}", listed(lines)),
            Self::Reset(Line { key, quota, .. }) => write!(f, "reset key {} by {quota}", key + 1),
        }
    }
}
