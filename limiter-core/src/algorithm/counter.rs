//! What all four rate algorithms have in common: the effective time, all or nothing, the outcome.

use crate::charge::Charge;
use crate::exact::effective_ms;
use crate::limit::Limit;
use crate::outcome::{FITS, NEVER, NOT_CHARGED, Outcome};

/// One counter of one algorithm. `Default` is the counter that was never used.
///
/// `now_ms` is always the effective time, and at least [`Counter::written_ms`]. Whoever calls the other
/// functions rolls first.
pub trait Counter: Default {
    /// The effective time of the last call that changed it; 0 for a counter that was never used.
    fn written_ms(&self) -> u64;

    /// Brings the state to a time: what has left the window leaves, what has flowed in is there.
    fn roll(&mut self, limit: &Limit, now_ms: u64);

    /// Whole units that fit now. Negative where more is counted than the limit allows.
    fn room(&self, limit: &Limit, now_ms: u64) -> i64;

    /// Counts a cost above 0, whether it fits or, for a denied hit that counts, not.
    fn charge(&mut self, limit: &Limit, now_ms: u64, cost: u64);

    /// Time until it is as if never used, if nobody hits it again.
    fn reset_after_ms(&self, limit: &Limit, now_ms: u64) -> u64;

    /// The least wait after which a cost fits that doesn't now, and isn't above the capacity.
    fn retry_after_ms(&self, limit: &Limit, now_ms: u64, cost: u64) -> u64;

    /// Gives back what was charged at a time; says whether that changed anything.
    fn refund(&mut self, limit: &Limit, now_ms: u64, cost: u64, charged_at_ms: u64) -> bool;
}

/// What a call does to one counter once it is known whether all charges fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// All other charges of the call fit: charge this one, or count its denial where its limit counts those.
    Charge,
    /// Another charge or this one denies: count this one only if it denies itself and its limit counts denied.
    Deny,
    /// A peek: change nothing.
    Look,
}

/// Whether a charge fits a counter at the store's clock. A log is looked at where it stands: its own
/// [`SlidingLog::fits`](super::SlidingLog::fits).
#[inline]
pub fn fits<C: Counter + Copy>(counter: &C, charge: &Charge<'_>, clock_ms: u64) -> bool {
    let (mut rolled, now_ms) = match effective_ms(clock_ms, counter.written_ms()) {
        Some(now_ms) => (*counter, now_ms),
        None => (C::default(), clock_ms),
    };
    rolled.roll(charge.limit(), now_ms);
    has_room(rolled.room(charge.limit(), now_ms), charge.cost())
}

/// Applies one charge to a counter and tells its outcome. What is left in `counter` is to be stored only when
/// the outcome tells `charged_at_ms`; a log, which may be judged where it is stored, is changed only then.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a call costs a tenth of a warm hit")]
pub fn judge<C: Counter>(
    counter: &mut C,
    place: usize,
    charge: &Charge<'_>,
    clock_ms: u64,
    act: Act,
) -> Outcome {
    if let Some(now_ms) = effective_ms(clock_ms, counter.written_ms()) {
        return judge_at(counter, place, charge, now_ms, act);
    }
    let mut fresh = C::default();
    let outcome = judge_at(&mut fresh, place, charge, clock_ms, act);
    if outcome.charged_at_ms().is_some() {
        *counter = fresh;
    }
    outcome
}

/// Gives back to a counter what was charged at a time; says whether that changed anything. Unchanged, the
/// counter isn't to be stored.
pub fn refund<C: Counter>(counter: &mut C, charge: &Charge<'_>, charged_at_ms: u64, clock_ms: u64) -> bool {
    // A counter that is to be taken as new has nothing to give back to.
    effective_ms(clock_ms, counter.written_ms()).is_some_and(|now_ms| {
        counter.roll(charge.limit(), now_ms);
        counter.refund(charge.limit(), now_ms, charge.cost(), charged_at_ms)
    })
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "a call costs a tenth of a warm hit")]
fn judge_at<C: Counter>(
    counter: &mut C,
    place: usize,
    charge: &Charge<'_>,
    now_ms: u64,
    act: Act,
) -> Outcome {
    let (limit, cost) = (charge.limit(), charge.cost());
    counter.roll(limit, now_ms);
    let room = counter.room(limit, now_ms);
    let fits = has_room(room, cost);
    let counted = match act {
        Act::Charge => cost > 0 && (fits || limit.counts_denied()),
        Act::Deny => !fits && cost > 0 && limit.counts_denied(),
        Act::Look => false,
    };
    let mut remaining = room.max(0).unsigned_abs();
    if counted {
        counter.charge(limit, now_ms, cost);
        remaining = remaining.saturating_sub(cost);
    }
    let retry_after_ms = if fits {
        FITS
    } else if cost > limit.capacity() || limit.max() == 0 {
        NEVER
    } else {
        counter.retry_after_ms(limit, now_ms, cost)
    };
    let reset_after_ms = counter.reset_after_ms(limit, now_ms);
    let charged_at_ms = if counted { now_ms } else { NOT_CHARGED };
    Outcome::build(place, remaining, reset_after_ms, retry_after_ms, charged_at_ms)
}

#[inline]
pub(super) fn has_room(room: i64, cost: u64) -> bool {
    // A cost is at most 2^53 - 1, so the conversion is exact; a larger one never fits.
    i64::try_from(cost).is_ok_and(|cost| cost <= room)
}
