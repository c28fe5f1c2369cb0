//! The denials that are remembered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use limiter_core::{Charge, Clock, Decision, Outcome, Source, check_charges};
use moka::Expiry;
use moka::sync::Cache;

use super::denial::{Denial, Span};
use super::fingerprint::Fingerprinter;
use super::time::Time;
use crate::moment::Moment;

/// Counters are forgotten apart by so many groups: one for each value of a byte.
const STRIPES: usize = 256;

/// The last denial of each of many counters.
///
/// A cache that is full, or that lets go of an entry early, only has the store asked once more.
#[derive(Debug)]
pub(super) struct Denials {
    cache: Cache<u128, Denial>,
    fingerprinter: Fingerprinter,
    time: Time,
    longest: Duration,
    /// Counts what was forgotten.
    forgotten: AtomicU64,
    /// By group of counters. The lock keeps forgetting and remembering apart.
    groups: Box<[Mutex<Group>]>,
}

/// What was forgotten of a group of counters.
#[derive(Debug, Default)]
struct Group {
    /// The last time, by the count of all that was forgotten.
    last: u64,
    /// How many are being given something back just now: what is denied meanwhile may be so no more.
    under_way: usize,
}

/// What was known when a call was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    at: Moment,
    forgotten: u64,
}

impl Denials {
    pub(super) fn new(entries: u64, longest: Duration, clock: Option<Arc<dyn Clock>>) -> Self {
        let cache = Cache::builder().max_capacity(entries).expire_after(AtItsEnd).build();
        let groups = (0..STRIPES).map(|_| Mutex::default()).collect();
        let fingerprinter = Fingerprinter::default();
        let (time, forgotten) = (Time::of(clock), AtomicU64::new(0));
        Self { cache, fingerprinter, time, longest, forgotten, groups }
    }

    /// The denial of a call, if one of its charges is known to be denied; otherwise what to compare the answer with
    /// that the store will give, if it may be remembered.
    pub(super) fn ask(&self, charges: &[Charge<'_>]) -> Result<Decision, Option<Asked>> {
        let Some(now) = self.now() else { return Err(None) };
        // What counts denied hits must be asked each time; and so must what is no valid call.
        let counted = charges.iter().any(|charge| charge.limit().counts_denied());
        if !counted
            && check_charges(charges).is_ok()
            && let Some(denied) = self.known(charges, now)
        {
            return Ok(denied);
        }
        self.make_room_for(charges, now);
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        Err((!counted).then_some(Asked { at: now, forgotten }))
    }

    /// Remembers what the store refused.
    pub(super) fn learn(&self, asked: Option<Asked>, charges: &[Charge<'_>], decision: &Decision) {
        if let Some(asked) = asked
            && !decision.is_allowed()
            && decision.source() == Source::Store
            && let Some(answered) = self.now()
        {
            let span = Span { asked: asked.at, answered };
            for outcome in decision.outcomes().iter().filter(|outcome| !outcome.is_allowed()) {
                self.remember(asked, charges, outcome, span);
            }
        }
    }

    /// Forgets some counters now, and once more when what is returned is dropped.
    pub(super) fn forgetting(&self, counters: Vec<u128>) -> Forgetting<'_> {
        for counter in &counters {
            self.group_of(*counter).under_way += 1;
            self.forget(*counter);
        }
        Forgetting { denials: self, counters }
    }

    /// The counter of a charge.
    pub(super) fn counter(&self, charge: &Charge<'_>) -> u128 {
        self.fingerprinter.of(charge.key(), charge.limit())
    }

    fn known(&self, charges: &[Charge<'_>], now: Moment) -> Option<Decision> {
        let outcome = |(place, charge): (usize, &Charge<'_>)| -> Option<Outcome> {
            self.cache.get(&self.counter(charge))?.outcome(charge, place, now)
        };
        if let [charge] = charges {
            return outcome((0, charge)).map(|outcome| Decision::of_one(Source::Cache, outcome));
        }
        let known = Decision::new(Source::Cache, charges.iter().enumerate().filter_map(outcome));
        (!known.is_allowed()).then_some(known)
    }

    /// Forgets what won't hold once the store has made these charges.
    fn make_room_for(&self, charges: &[Charge<'_>], now: Moment) {
        for charge in charges {
            let counter = self.counter(charge);
            if self.cache.get(&counter).is_some_and(|denial| denial.outlived_by(charge, now)) {
                self.forget(counter);
            }
        }
    }

    fn remember(&self, asked: Asked, charges: &[Charge<'_>], outcome: &Outcome, span: Span) {
        let Some(charge) = charges.get(outcome.charge()) else { return };
        if let Some(denial) = Denial::of(charge, outcome, span, self.longest) {
            let counter = self.counter(charge);
            let group = self.group_of(counter);
            if group.under_way == 0 && group.last <= asked.forgotten {
                self.cache.insert(counter, denial);
            }
        }
    }

    fn forget(&self, counter: u128) {
        let mut group = self.group_of(counter);
        group.last = self.forgotten.fetch_add(1, Ordering::SeqCst) + 1;
        self.cache.invalidate(&counter);
    }

    fn forget_all(&self) {
        let now = self.forgotten.fetch_add(1, Ordering::SeqCst) + 1;
        for group in &self.groups {
            let mut group = group.lock().unwrap_or_else(PoisonError::into_inner);
            group.last = now.max(group.last);
        }
        self.cache.invalidate_all();
    }

    /// The time, unless the clock has stepped back. Then the stores' counters stand still until it has caught up, or
    /// are taken as new: they are asked.
    fn now(&self) -> Option<Moment> {
        let now = self.time.now();
        if now.is_none() {
            self.forget_all();
        }
        now
    }

    fn group_of(&self, counter: u128) -> MutexGuard<'_, Group> {
        let [chooses, ..] = counter.to_le_bytes();
        self.groups[usize::from(chooses)].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counters that are given something back: whatever was denied before that ends isn't known to last.
#[derive(Debug)]
pub(super) struct Forgetting<'a> {
    denials: &'a Denials,
    counters: Vec<u128>,
}

impl Drop for Forgetting<'_> {
    fn drop(&mut self) {
        for counter in &self.counters {
            self.denials.forget(*counter);
            self.denials.group_of(*counter).under_way -= 1;
        }
    }
}

/// Lets an entry go when it has ended. By the system's time, which is right for all but a clock that is handed in,
/// and there it only has the store asked once more.
struct AtItsEnd;

impl Expiry<u128, Denial> for AtItsEnd {
    fn expire_after_create(&self, _: &u128, denial: &Denial, _: Instant) -> Option<Duration> {
        Some(denial.lasts())
    }

    fn expire_after_update(
        &self,
        _: &u128,
        denial: &Denial,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(denial.lasts())
    }
}
