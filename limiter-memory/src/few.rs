//! Calls of a few charges on counters that exist, without locking until there is something to write.

use arrayvec::ArrayVec;
use limiter_core::algorithm::Act;
use limiter_core::{Charge, Decision, Outcome, Source};

use crate::counting::{fits_words, judge_words};
use crate::key::Fingerprint;
use crate::seq_lock::{Seen, Writing, step_back};
use crate::shard::Shard;
use crate::table::Words;

/// The most charges that are tried this way. More are seldom, and meet others more often.
pub(crate) const FEW: usize = 4;
/// How often a call is decided anew because somebody else changed a shard, before it locks.
const TRIES: usize = 8;

/// One charge of the call: where its counter stands, what was read of it and when.
#[derive(Clone, Copy)]
struct Look<'a> {
    shard: &'a Shard,
    seen: Seen,
    slot: usize,
    words: Words,
}

/// The counters of a call, each with its shard.
pub(crate) type Places<'a> = ArrayVec<(&'a Shard, Fingerprint), FEW>;

/// Decides a call. `None`: a counter doesn't exist yet, or is a log, or others were always faster; nothing was done.
pub(crate) fn decide(places: &Places<'_>, charges: &[Charge<'_>], clock_ms: u64) -> Option<Decision> {
    for overtaken in 0..TRIES {
        step_back(overtaken);
        let looks = look(places)?;
        if !looks.iter().all(|look| look.shard.seq.is_unchanged(look.seen)) {
            continue;
        }
        let mut fit = true;
        for (look, charge) in looks.iter().zip(charges) {
            fit &= fits_words(look.words, charge, clock_ms)?;
        }
        let act = if fit { Act::Charge } else { Act::Deny };
        let mut outcomes = ArrayVec::<Outcome, FEW>::new();
        let mut after = ArrayVec::<Words, FEW>::new();
        for (index, (look, charge)) in looks.iter().zip(charges).enumerate() {
            let (outcome, words) = judge_words(look.words, index, charge, clock_ms, act)?;
            after.push(if outcome.charged_at_ms().is_some() { words } else { look.words });
            outcomes.push(outcome);
        }
        let changes = outcomes.iter().any(|outcome| outcome.charged_at_ms().is_some());
        if !changes || write(&looks, &after) {
            return Some(Decision::new(Source::Store, outcomes));
        }
    }
    None
}

/// Reads all counters. Once every shard is seen to be unchanged after that, they were read at one time.
fn look<'a>(places: &Places<'a>) -> Option<ArrayVec<Look<'a>, FEW>> {
    let mut looks = ArrayVec::new();
    for (shard, fingerprint) in places {
        let seen = shard.seq.look()?;
        let slot = shard.own.find(*fingerprint)?;
        looks.push(Look { shard, seen, slot, words: shard.own.words(slot) });
    }
    Some(looks)
}

/// Writes all counters, or none when somebody has written to a shard since. Nobody is waited for while something is
/// locked, so the order doesn't matter.
fn write(looks: &[Look<'_>], after: &[Words]) -> bool {
    let mut writing = ArrayVec::<Writing<'_>, FEW>::new();
    for (index, look) in looks.iter().enumerate() {
        if looks[..index].iter().any(|other| std::ptr::eq(other.shard, look.shard)) {
            continue;
        }
        match look.shard.seq.write_unchanged(look.seen) {
            Some(locked) => writing.push(locked),
            None => return false,
        }
    }
    for (look, words) in looks.iter().zip(after) {
        look.shard.own.set_words(look.slot, *words);
    }
    true
}
