//! What can be asked of rates.

use std::fmt;

use limiter_core::{Charge, Key, Limit};

use crate::sequences::play;

/// One charge: a key by its place, a limit, a cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) key: usize,
    pub(super) limit: Limit,
    pub(super) cost: u64,
}

/// One call. A hit has a number, by which a refund tells whose charges it gives back.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Hit { number: u32, lines: Vec<Line>, at_once: bool },
    Peek(Vec<Line>),
    Refund(u32),
    Reset(Line),
}

/// The charges of a call.
pub(super) fn charges<'a>(keys: &'a [Key], lines: &'a [Line]) -> Vec<Charge<'a>> {
    lines.iter().map(|line| Charge::new(&keys[line.key], &line.limit).with_cost(line.cost)).collect()
}

impl play::Call for Call {
    fn simpler(&self) -> Vec<Self> {
        match self {
            Self::Hit { number, lines, at_once } => {
                let hit = |lines| Self::Hit { number: *number, lines, at_once: false };
                let calmer = at_once.then(|| hit(lines.clone()));
                calmer.into_iter().chain(fewer(lines).into_iter().map(hit)).collect()
            }
            Self::Peek(lines) => fewer(lines).into_iter().map(Self::Peek).collect(),
            Self::Refund(_) | Self::Reset(_) => Vec::new(),
        }
    }
}

/// The same lines without one of them, on the first key, or at a lower cost.
fn fewer(lines: &[Line]) -> Vec<Vec<Line>> {
    let without = (0..lines.len()).filter(|_| lines.len() > 1).map(|place| {
        let mut lines = lines.to_vec();
        lines.remove(place);
        lines
    });
    let cheaper = (0..lines.len()).flat_map(|place| {
        let cost = lines[place].cost;
        let lower = [1, cost / 2, cost.saturating_sub(1)];
        lower.into_iter().filter(move |lower| *lower < cost).map(move |lower| {
            let mut lines = lines.to_vec();
            lines[place].cost = lower;
            lines
        })
    });
    without.chain(cheaper).collect()
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hit { number, lines, at_once: false } => write!(f, "hit no. {number}: {}", Lines(lines)),
            Self::Hit { number, lines, at_once: true } => {
                write!(f, "hit no. {number}, at once: {}", Lines(lines))
            }
            Self::Peek(lines) => write!(f, "peek: {}", Lines(lines)),
            Self::Refund(number) => write!(f, "refund what hit no. {number} charged"),
            Self::Reset(line) => write!(f, "reset key {} by {}", line.key + 1, line.limit),
        }
    }
}

/// Lines in words.
struct Lines<'a>(&'a [Line]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (place, Line { key, limit, cost }) in self.0.iter().enumerate() {
            let and = if place > 0 { " and " } else { "" };
            write!(f, "{and}{cost} on key {} by {limit}", key + 1)?;
        }
        Ok(())
    }
}
