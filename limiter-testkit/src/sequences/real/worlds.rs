//! The states in which the reference may be, as far as the answers tell.

use std::ops::RangeInclusive;

/// More states than this aren't followed.
const MOST: usize = 1_500;
/// Nor are more combinations of a state and a time.
const MOST_TRIED: u64 = 300_000;

/// The states in which the reference may be.
#[derive(Debug)]
pub(super) struct Worlds<W>(Vec<W>);

/// What an answer leaves of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Some.
    Some,
    /// None: the reference can't have answered so.
    None,
    /// So many that it isn't worth to follow them.
    TooMany,
}

impl<W: Clone + PartialEq> Worlds<W> {
    /// One state alone.
    pub(super) fn one(world: W) -> Self {
        Self(vec![world])
    }

    /// Keeps the states after a call within a span of time, where it is answered as it was: `answers` makes the call
    /// at a time and says whether it is.
    pub(super) fn keep(
        &mut self,
        between_ms: RangeInclusive<u64>,
        answers: impl Fn(&mut W, u64) -> bool,
    ) -> Left {
        let times = between_ms.end().saturating_sub(*between_ms.start()).saturating_add(1);
        if times.saturating_mul(self.0.len() as u64) > MOST_TRIED {
            return Left::TooMany;
        }
        let mut left = Vec::new();
        for world in &self.0 {
            for at_ms in between_ms.clone() {
                let mut after = world.clone();
                if answers(&mut after, at_ms) && !left.contains(&after) {
                    left.push(after);
                }
                if left.len() > MOST {
                    return Left::TooMany;
                }
            }
        }
        self.0 = left;
        if self.0.is_empty() { Left::None } else { Left::Some }
    }
}
