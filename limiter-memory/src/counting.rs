//! Judging charges where their counters stand.

use limiter_core::algorithm::{Act, FixedWindow, SlidingLog, SlidingWindow, TokenBucket};
use limiter_core::algorithm::{fits, judge, refund};
use limiter_core::{Algorithm, Charge, EXACT, Outcome, Result};

use crate::error;
use crate::key::Fingerprint;
use crate::seq_lock::step_back;
use crate::shard::{Locked, Packed, Place, Shard};
use crate::table::Words;

/// Runs generic code for the algorithm of a limit: once for each that packs into a slot, else for a log.
macro_rules! by_algorithm {
    ($charge:expr, $counter:ident => $packed:expr, log => $log:expr, unlimited => $unlimited:expr) => {
        match $charge.limit().algorithm() {
            Algorithm::SlidingWindow => {
                type $counter = SlidingWindow;
                $packed
            }
            Algorithm::TokenBucket => {
                type $counter = TokenBucket;
                $packed
            }
            Algorithm::FixedWindow => {
                type $counter = FixedWindow;
                $packed
            }
            Algorithm::SlidingLog => $log,
            _ => $unlimited,
        }
    };
}

/// How often a hit is judged anew because somebody else changed the shard, before it locks.
const TRIES: usize = 16;

impl Shard {
    /// Judges one charge on a counter that stands in its own slot, without locking. `None`: there is none, or it is
    /// a log, or others were always faster; nothing was done.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call costs a tenth of a warm hit")]
    pub(crate) fn judge_now(
        &self,
        fingerprint: Fingerprint,
        charge: &Charge<'_>,
        clock_ms: u64,
        act: Act,
    ) -> Option<Outcome> {
        by_algorithm!(charge, C => self.judge_packed_now::<C>(fingerprint, charge, clock_ms, act),
            log => None,
            unlimited => Some(Outcome::fitting(0, EXACT, 0)))
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call costs a tenth of a warm hit")]
    fn judge_packed_now<C: Packed>(
        &self,
        fingerprint: Fingerprint,
        charge: &Charge<'_>,
        clock_ms: u64,
        act: Act,
    ) -> Option<Outcome> {
        for overtaken in 0..TRIES {
            step_back(overtaken);
            let Some(seen) = self.seq.look() else { continue };
            let slot = self.own.find(fingerprint)?;
            let words = self.own.words(slot);
            if !self.seq.is_unchanged(seen) {
                continue;
            }
            let mut counter = C::unpack(words, charge.limit());
            let outcome = judge(&mut counter, 0, charge, clock_ms, act);
            if outcome.charged_at_ms().is_none() {
                return Some(outcome);
            }
            if let Some(_writing) = self.seq.write_unchanged(seen) {
                self.own.set_words(slot, counter.pack(charge.limit()));
                return Some(outcome);
            }
        }
        None
    }
}

/// Whether a charge fits a counter of which the words were read. `None`: the words aren't the whole counter.
#[inline]
pub(crate) fn fits_words(words: Words, charge: &Charge<'_>, clock_ms: u64) -> Option<bool> {
    by_algorithm!(charge, C => Some(fits(&C::unpack(words, charge.limit()), charge, clock_ms)),
        log => None,
        unlimited => None)
}

/// Judges one charge on a counter of which the words were read; tells its words after that. `None`: the words aren't
/// the whole counter.
#[inline]
pub(crate) fn judge_words(
    words: Words,
    index: usize,
    charge: &Charge<'_>,
    clock_ms: u64,
    act: Act,
) -> Option<(Outcome, Words)> {
    by_algorithm!(charge, C => {
            let mut counter = C::unpack(words, charge.limit());
            let outcome = judge(&mut counter, index, charge, clock_ms, act);
            Some((outcome, counter.pack(charge.limit())))
        },
        log => None,
        unlimited => None)
}

impl Locked<'_> {
    /// Judges one charge on the counter at a place and stores what it changed.
    ///
    /// # Errors
    /// `Capacity` when it is to be charged and there is no room. Nothing was changed.
    pub(crate) fn judge(
        &mut self,
        (place, fingerprint): (Place, Fingerprint),
        index: usize,
        charge: &Charge<'_>,
        clock_ms: u64,
        act: Act,
    ) -> Result<Outcome> {
        let at = (place, fingerprint);
        by_algorithm!(charge, C => self.judge_packed::<C>(at, index, charge, clock_ms, act),
            log => self.judge_log(at, index, charge, clock_ms, act),
            unlimited => Ok(Outcome::fitting(index, EXACT, 0)))
    }

    /// Whether a charge fits the counter at a place.
    pub(crate) fn fits(
        &self,
        (place, fingerprint): (Place, Fingerprint),
        charge: &Charge<'_>,
        clock_ms: u64,
    ) -> bool {
        let words = self.words(place, fingerprint, charge.limit());
        by_algorithm!(charge, C => fits(&unpack::<C>(words, charge), charge, clock_ms),
            log => match self.log(words) {
                Some(log) => log.fits(charge, clock_ms),
                None => SlidingLog::default().fits(charge, clock_ms),
            },
            unlimited => true)
    }

    /// Gives back to a counter what was charged at a time. What was counted in a shared counter stays there: it
    /// can't be told any more whose it was.
    pub(crate) fn refund(
        &mut self,
        fingerprint: Fingerprint,
        charge: &Charge<'_>,
        charged_at_ms: u64,
        clock_ms: u64,
    ) {
        let Some(slot) = self.find(fingerprint) else {
            return;
        };
        let (place, limit) = (Place::Own(slot), charge.limit());
        let Some(words) = self.words(place, fingerprint, limit) else {
            return;
        };
        let changed: Option<Words> = by_algorithm!(charge, C => {
                let mut counter = C::unpack(words, limit);
                refund(&mut counter, charge, charged_at_ms, clock_ms).then(|| counter.pack(limit))
            },
            log => self
                .with_log(words, |log| refund(log, charge, charged_at_ms, clock_ms))
                .filter(|changed| *changed)
                .map(|_| self.log_words(words, limit)),
            unlimited => None);
        if let Some(words) = changed {
            self.store(place, fingerprint, limit, words);
        }
    }

    fn judge_packed<C: Packed>(
        &mut self,
        (place, fingerprint): (Place, Fingerprint),
        index: usize,
        charge: &Charge<'_>,
        clock_ms: u64,
        act: Act,
    ) -> Result<Outcome> {
        let limit = charge.limit();
        let mut counter: C = unpack(self.words(place, fingerprint, limit), charge);
        let outcome = judge(&mut counter, index, charge, clock_ms, act);
        if outcome.charged_at_ms().is_some() {
            if place == Place::Nowhere {
                return Err(error::counters_full());
            }
            self.store(place, fingerprint, limit, counter.pack(limit));
        }
        Ok(outcome)
    }

    /// A log is judged where it stands, because copying it would cost by its length.
    fn judge_log(
        &mut self,
        (place, fingerprint): (Place, Fingerprint),
        index: usize,
        charge: &Charge<'_>,
        clock_ms: u64,
        act: Act,
    ) -> Result<Outcome> {
        let limit = charge.limit();
        let words = self.words(place, fingerprint, limit);
        if let (Place::Own(_) | Place::Shared(_), Some(words)) = (place, words) {
            let outcome = self.with_log(words, |log| judge(log, index, charge, clock_ms, act));
            let words = self.log_words(words, limit);
            self.store(place, fingerprint, limit, words);
            return outcome.ok_or_else(error::lost_log);
        }
        let mut log = self.log(words).cloned().unwrap_or_default();
        let outcome = judge(&mut log, index, charge, clock_ms, act);
        if outcome.charged_at_ms().is_some() {
            if place == Place::Nowhere {
                return Err(error::counters_full());
            }
            let words = self.add_log(log, limit);
            self.store(place, fingerprint, limit, words);
        }
        Ok(outcome)
    }
}

#[inline]
fn unpack<C: Packed>(words: Option<Words>, charge: &Charge<'_>) -> C {
    match words {
        Some(words) => C::unpack(words, charge.limit()),
        None => C::default(),
    }
}
