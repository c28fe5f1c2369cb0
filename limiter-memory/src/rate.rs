//! Rates in memory.

use arrayvec::ArrayVec;
use limiter_core::algorithm::Act;
use limiter_core::{
    Algorithm, Charge, Decision, EXACT, Key, Limit, MAX_PER_CALL, Outcome, Receipt, ReceiptLine, Result,
    Source, check_charges,
};

use crate::config::Config;
use crate::error;
use crate::few::{self, FEW, Places};
use crate::key::{Fingerprint, Fingerprinter, spread};
use crate::layout::Layout;
use crate::shard::{Locked, Place, Shard};

/// All rate counters, spread over shards by fingerprint.
pub(crate) struct Rates {
    shards: Box<[Shard]>,
    fingerprinter: Fingerprinter,
}

type Guards<'a> = ArrayVec<(usize, Locked<'a>), MAX_PER_CALL>;

/// Where each charge of a call counts: which of the locked shards, where in it.
type Seats = ArrayVec<(usize, (Place, Fingerprint)), MAX_PER_CALL>;

impl Rates {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let layout = Layout::of(config);
        let shard = || Shard::new(&layout);
        let shards = std::iter::repeat_with(shard).take(layout.shards).collect();
        Ok(Self { shards, fingerprinter: Fingerprinter::random()? })
    }

    /// How many counters stand in it, expired ones that nothing has replaced yet among them.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(Shard::len).sum()
    }

    /// Decides a call: makes it, or only looks at it.
    pub(crate) fn decide(&self, charges: &[Charge<'_>], clock_ms: u64, look: bool) -> Result<Decision> {
        let Some(charge) = single(charges) else { return self.decide_all(charges, clock_ms, look) };
        let act = if look { Act::Look } else { Act::Charge };
        let (source, outcome) = self.decide_one(charge, clock_ms, act)?;
        Ok(Decision::of_one(source, outcome))
    }

    /// Decides the only charge of a call.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call costs a tenth of a warm hit")]
    pub(crate) fn decide_one(
        &self,
        charge: &Charge<'_>,
        clock_ms: u64,
        act: Act,
    ) -> Result<(Source, Outcome)> {
        let fingerprint = self.fingerprinter.of(charge.key(), charge.limit());
        match self.shard_of(fingerprint).judge_now(fingerprint, charge, clock_ms, act) {
            Some(outcome) => Ok((Source::Store, outcome)),
            None => self.decide_one_locked(fingerprint, charge, clock_ms, act),
        }
    }

    #[cold]
    fn decide_one_locked(
        &self,
        fingerprint: Fingerprint,
        charge: &Charge<'_>,
        clock_ms: u64,
        act: Act,
    ) -> Result<(Source, Outcome)> {
        let mut shard = self.shard_of(fingerprint).lock();
        if act == Act::Charge && shard.find(fingerprint).is_none() {
            shard.make_room(1, clock_ms);
        }
        let place = shard.locate(fingerprint, charge.limit(), 0);
        let outcome = shard.judge((place, fingerprint), 0, charge, clock_ms, act)?;
        Ok((source_of(place.is_shared()), outcome))
    }

    /// Decides a call of several charges.
    ///
    /// # Errors
    /// As [`Rates::decide_locked`].
    pub(crate) fn decide_all(&self, charges: &[Charge<'_>], clock_ms: u64, look: bool) -> Result<Decision> {
        check_charges(charges)?;
        if !look && charges.len() <= FEW {
            let place = |charge: &Charge<'_>| {
                let fingerprint = self.fingerprinter.of(charge.key(), charge.limit());
                (self.shard_of(fingerprint), fingerprint)
            };
            let places: Places<'_> = charges.iter().map(place).collect();
            if let Some(decision) = few::decide(&places, charges, clock_ms) {
                return Ok(decision);
            }
        }
        self.decide_locked(charges, clock_ms, look)
    }

    /// Decides a call of any number of charges, with their shards locked.
    ///
    /// # Errors
    /// `Capacity` while nothing has changed.
    #[inline(never)]
    fn decide_locked(&self, charges: &[Charge<'_>], clock_ms: u64, look: bool) -> Result<Decision> {
        let (mut guards, mut seats) = (Guards::new(), Seats::new());
        let fingerprints = self.lock_all(charges, &mut guards);
        if !look {
            make_room(&mut guards, &fingerprints, charges, clock_ms);
        }
        for (charge, (shard, fingerprint)) in charges.iter().zip(&fingerprints) {
            let place = seat(&guards, &seats, charges, (*shard, *fingerprint), charge.limit());
            seats.push((*shard, (place, *fingerprint)));
        }
        let act = act_on(&guards, &seats, charges, clock_ms, look)?;
        let mut outcomes = ArrayVec::<Outcome, MAX_PER_CALL>::new();
        for (index, (charge, (shard, seat))) in charges.iter().zip(&seats).enumerate() {
            outcomes.push(guards[*shard].1.judge(*seat, index, charge, clock_ms, act)?);
        }
        let shared = seats.iter().any(|(_, (place, _))| place.is_shared());
        Ok(Decision::new(source_of(shared), outcomes))
    }

    /// Locks the shards of all charges, in the order of their numbers, so that no two calls wait for each other.
    /// Tells for each charge which of the guards is its own.
    fn lock_all<'a>(
        &'a self,
        charges: &[Charge<'_>],
        guards: &mut Guards<'a>,
    ) -> ArrayVec<(usize, Fingerprint), MAX_PER_CALL> {
        let mut places: ArrayVec<(usize, Fingerprint), MAX_PER_CALL> = charges
            .iter()
            .map(|charge| self.fingerprinter.of(charge.key(), charge.limit()))
            .map(|fingerprint| (self.number_of(fingerprint), fingerprint))
            .collect();
        let mut numbers: ArrayVec<usize, MAX_PER_CALL> = places.iter().map(|(shard, _)| *shard).collect();
        numbers.sort_unstable();
        for number in numbers {
            if guards.last().is_none_or(|(last, _)| *last != number) {
                guards.push((number, self.shards[number].lock()));
            }
        }
        for (place, _) in &mut places {
            *place = guards.iter().position(|(number, _)| number == place).unwrap_or_default();
        }
        places
    }

    /// Gives back what a call charged, in one step.
    pub(crate) fn refund(&self, receipt: &Receipt, clock_ms: u64) {
        // A receipt of a call has no more lines than a call may have charges. One that was put together may.
        for lines in receipt.lines().chunks(MAX_PER_CALL) {
            match lines {
                [line] => self.refund_one(line, clock_ms),
                several => self.refund_all(several, clock_ms),
            }
        }
    }

    fn refund_one(&self, line: &ReceiptLine, clock_ms: u64) {
        let charge = line.charge();
        let fingerprint = self.fingerprinter.of(charge.key(), charge.limit());
        let mut shard = self.shard_of(fingerprint).lock();
        shard.refund(fingerprint, &charge, line.charged_at_ms(), clock_ms);
    }

    fn refund_all(&self, lines: &[ReceiptLine], clock_ms: u64) {
        let charges: ArrayVec<Charge<'_>, MAX_PER_CALL> = lines.iter().map(ReceiptLine::charge).collect();
        let mut guards = Guards::new();
        let places = self.lock_all(&charges, &mut guards);
        for ((line, charge), (shard, fingerprint)) in lines.iter().zip(&charges).zip(places) {
            guards[shard].1.refund(fingerprint, charge, line.charged_at_ms(), clock_ms);
        }
    }

    pub(crate) fn reset(&self, key: &Key, limit: &Limit) {
        let fingerprint = self.fingerprinter.of(key, limit);
        self.shard_of(fingerprint).lock().forget(fingerprint);
    }

    #[inline]
    fn shard_of(&self, fingerprint: Fingerprint) -> &Shard {
        &self.shards[self.number_of(fingerprint)]
    }

    #[inline]
    fn number_of(&self, fingerprint: Fingerprint) -> usize {
        spread(fingerprint.seat(), self.shards.len())
    }
}

/// The charge of a call that goes the short way: valid, and alone.
#[inline]
pub(crate) fn single<'a, 'b>(charges: &'a [Charge<'b>]) -> Option<&'a Charge<'b>> {
    // A log's entries have a bound of their own, which only the general way looks at.
    let short =
        |charge: &Charge<'_>| charge.cost() <= EXACT && charge.limit().algorithm() != Algorithm::SlidingLog;
    match charges {
        [charge] if short(charge) => Some(charge),
        _ => None,
    }
}

/// Makes room for the counters of a call that aren't there yet, before any place is taken note of.
fn make_room(
    guards: &mut Guards<'_>,
    fingerprints: &[(usize, Fingerprint)],
    charges: &[Charge<'_>],
    clock_ms: u64,
) {
    for (number, (_, shard)) in guards.iter_mut().enumerate() {
        let (mut new, mut logs) = (0, 0);
        for ((_, fingerprint), charge) in
            fingerprints.iter().zip(charges).filter(|((guard, _), _)| *guard == number)
        {
            new += usize::from(shard.find(*fingerprint).is_none());
            logs += usize::from(charge.limit().algorithm() == Algorithm::SlidingLog);
        }
        if new > 0 {
            shard.make_room(new, clock_ms);
        }
        if logs > 0 {
            shard.make_log_room(logs, clock_ms);
        }
    }
}

/// The place of one charge among those of its call that come before it.
fn seat(
    guards: &Guards<'_>,
    seats: &Seats,
    charges: &[Charge<'_>],
    (number, fingerprint): (usize, Fingerprint),
    limit: &Limit,
) -> Place {
    let shard = &guards[number].1;
    let takes_room = |charge: &Charge<'_>| charge.cost() > 0 && !charge.limit().is_unlimited();
    let before =
        seats.iter().zip(charges).filter(|((other, _), charge)| *other == number && takes_room(charge));
    let before = || before.clone().map(|((_, seat), _)| *seat);
    let pending = before().filter(|(place, _)| is_new(*place)).count();
    let place = shard.locate(fingerprint, limit, pending);
    // Two counters of one call that meet in one shared one can't be told apart there.
    let meets = |(other, theirs): (Place, Fingerprint)| other.is_shared() && shard.meet(theirs, fingerprint);
    if place.is_shared() && before().any(meets) { Place::Nowhere } else { place }
}

/// What the call does to its counters. Errs while nothing has changed if what is to be counted has no room.
fn act_on(
    guards: &Guards<'_>,
    seats: &Seats,
    charges: &[Charge<'_>],
    clock_ms: u64,
    look: bool,
) -> Result<Act> {
    if look {
        return Ok(Act::Look);
    }
    let pairs = || charges.iter().zip(seats.iter().map(|(shard, seat)| (&guards[*shard].1, *seat)));
    let all_fit = pairs().all(|(charge, (shard, seat))| shard.fits(seat, charge, clock_ms));
    let mut pending_logs = 0;
    for (charge, (shard, seat)) in pairs() {
        let denied_counts = || charge.limit().counts_denied() && !shard.fits(seat, charge, clock_ms);
        let counted = charge.cost() > 0 && (all_fit || denied_counts());
        if !counted || charge.limit().is_unlimited() {
            continue;
        }
        if seat.0 == Place::Nowhere {
            return Err(error::counters_full());
        }
        if charge.limit().algorithm() == Algorithm::SlidingLog {
            let words = shard.words(seat.0, seat.1, charge.limit());
            if !shard.has_log_room(words, charge.limit(), clock_ms, pending_logs) {
                return Err(error::logs_full());
            }
            pending_logs += 1;
        }
    }
    Ok(if all_fit { Act::Charge } else { Act::Deny })
}

const fn is_new(place: Place) -> bool {
    matches!(place, Place::New | Place::NewShared)
}

const fn source_of(shared: bool) -> Source {
    if shared { Source::Overflow } else { Source::Store }
}
