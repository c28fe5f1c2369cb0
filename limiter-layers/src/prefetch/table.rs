//! All holdings, each behind the lock of its shard.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use limiter_core::{Charge, Key, Limit, Outcome};

use super::block::Rest;
use super::holding::{Holding, Way};
use super::resets::Resetting;
use super::under_way::{Traffic, UnderWay};
use crate::moment::Moment;

const SHARDS: usize = 16;
/// How many counters are remembered. Hits on others go to the store by themselves.
const MOST_HOLDINGS: usize = 10_000;
/// Odd, its bits without a pattern: spreads keys over the shards.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Debug, Default)]
struct Shard {
    holdings: HashMap<Key, Vec<Holding>>,
    /// Counters that are being reset.
    resets: Vec<(Key, Limit)>,
}

/// All holdings by key, each behind the lock of its shard: held for a few steps, and never while waiting.
#[derive(Debug)]
pub(super) struct Table {
    shards: [Mutex<Shard>; SHARDS],
    holdings: AtomicUsize,
    /// Nothing is held any more. Written before the shards are emptied, read under their locks.
    closed: AtomicBool,
    pub(super) traffic: Traffic,
}

/// Something to be given back, and of which counter.
#[derive(Debug)]
pub(super) struct Return {
    pub(super) key: Key,
    pub(super) limit: Limit,
    pub(super) rest: Rest,
    pub(super) under_way: UnderWay,
}

/// A counter that is being reset, until this is dropped.
#[derive(Debug)]
pub(super) struct Reset<'a> {
    table: &'a Table,
    counter: (Key, Limit),
    holdings: Vec<Resetting>,
}

impl Table {
    pub(super) fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        let (holdings, closed) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { shards, holdings, closed, traffic: Traffic::default() }
    }

    /// Permits for a hit that comes now.
    pub(super) fn take(&self, charge: &Charge<'_>, now: Moment) -> Option<Outcome> {
        let mut shard = self.shard(charge.key());
        find(&mut shard, charge)?.take(charge.cost(), now)
    }

    /// How a hit goes on that found nothing at hand.
    pub(super) fn enter(&self, charge: &Charge<'_>, now: Moment) -> Way {
        let mut shard = self.shard(charge.key());
        if self.is_closed() {
            return Way::Alone;
        }
        match find(&mut shard, charge) {
            Some(holding) => holding.enter(charge.cost(), now, &self.traffic),
            None => self.remember(&mut shard, charge, now),
        }
    }

    /// Does something with a holding; `None` where there is none. One that a flight asks for is never forgotten.
    pub(super) fn with<T>(
        &self,
        key: &Key,
        limit: &Limit,
        what: impl FnOnce(&mut Holding) -> T,
    ) -> Option<T> {
        let mut shard = self.shard(key);
        find(&mut shard, &Charge::new(key, limit)).map(what)
    }

    /// A counter is reset: what is held of it is worth nothing, and nothing of it is held until what is returned is
    /// dropped.
    pub(super) fn reset(&self, key: &Key, limit: &Limit) -> Reset<'_> {
        let counter = (key.clone(), *limit);
        let mut shard = self.shard(key);
        shard.resets.push(counter.clone());
        let holdings = shard.holdings.get_mut(key).into_iter().flatten();
        let holdings = holdings.filter(|holding| holding.limit().same_counter(limit));
        Reset { table: self, counter, holdings: holdings.map(Holding::reset).collect() }
    }

    /// What has been held for longer than demand needs it. Forgets whom nobody asks for.
    pub(super) fn overdue(&self, now: Moment) -> Vec<Return> {
        self.collect(|holding| holding.overdue(now), |holding| !holding.is_idle(now))
    }

    /// All that is held. From now on nothing is.
    pub(super) fn close(&self, now: Moment) -> Vec<Return> {
        if !self.closed.swap(true, Ordering::SeqCst) {
            self.traffic.forget_lost();
        }
        self.collect(|holding| holding.take_all(now), |_| true)
    }

    /// Something that is given back from now on.
    pub(super) fn going_back(&self, key: Key, limit: Limit, rest: Rest) -> Return {
        Return { key, limit, rest, under_way: self.traffic.load() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.holdings.load(Ordering::Relaxed) == 0
    }

    fn remember(&self, shard: &mut Shard, charge: &Charge<'_>, now: Moment) -> Way {
        // One that is being reset would be held in spite of it.
        if shard.is_being_reset(charge) {
            return Way::Alone;
        }
        let one_more = |holdings| (holdings < MOST_HOLDINGS).then_some(holdings + 1);
        if self.holdings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
            let holding = Holding::new(*charge.limit(), now);
            match shard.holdings.entry(charge.key().clone()) {
                Entry::Occupied(others) => others.into_mut().push(holding),
                Entry::Vacant(none) => drop(none.insert(vec![holding])),
            }
        }
        Way::Alone
    }

    fn collect(
        &self,
        take: impl Fn(&mut Holding) -> Option<Rest>,
        keep: impl Fn(&Holding) -> bool,
    ) -> Vec<Return> {
        let mut returns = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.holdings.retain(|key, holdings| {
                let known = holdings.len();
                for holding in &mut *holdings {
                    let limit = *holding.limit();
                    let rest = take(holding);
                    returns.extend(rest.map(|rest| self.going_back(key.clone(), limit, rest)));
                }
                holdings.retain(&keep);
                self.holdings.fetch_sub(known - holdings.len(), Ordering::Relaxed);
                !holdings.is_empty()
            });
        }
        returns
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let spread =
            key.words().fold(0, |spread: u64, word| (spread.rotate_left(5) ^ word).wrapping_mul(SPREAD));
        lock(&self.shards[(spread >> 60) as usize % SHARDS])
    }
}

impl Shard {
    fn is_being_reset(&self, charge: &Charge<'_>) -> bool {
        let is_it = |(key, limit): &(Key, Limit)| key == charge.key() && limit.same_counter(charge.limit());
        self.resets.iter().any(is_it)
    }
}

impl Reset<'_> {
    /// Waits for what was on its way back to the store before it began.
    pub(super) async fn all_sent(&self) {
        for holding in &self.holdings {
            holding.all_sent().await;
        }
    }
}

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        let mut shard = self.table.shard(&self.counter.0);
        if let Some(place) = shard.resets.iter().position(|counter| *counter == self.counter) {
            shard.resets.swap_remove(place);
        }
    }
}

/// The holding of a charge's counter, for the very same limit.
fn find<'a>(shard: &'a mut Shard, charge: &Charge<'_>) -> Option<&'a mut Holding> {
    shard.holdings.get_mut(charge.key())?.iter_mut().find(|holding| holding.limit() == charge.limit())
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A panic under the lock leaves a holding that is whole: each is changed in one step.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
