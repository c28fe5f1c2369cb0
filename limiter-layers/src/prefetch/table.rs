//! All holdings, each behind the lock of its shard.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use limiter_core::{Charge, Key, Limit, Outcome};

use super::block::Rest;
use super::holding::{Holding, Way};
use super::moment::Moment;

const SHARDS: usize = 16;
/// How many counters are remembered. Hits on others go to the store by themselves.
const MOST_HOLDINGS: usize = 10_000;
/// Odd, its bits without a pattern: spreads keys over the shards.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

type Shard = HashMap<Key, Vec<Holding>>;

/// All holdings by key, each behind the lock of its shard: held for a few steps, and never while waiting.
#[derive(Debug)]
pub(super) struct Table {
    shards: [Mutex<Shard>; SHARDS],
    holdings: AtomicUsize,
    /// Nothing is held any more. Written before the shards are emptied, read under their locks.
    closed: AtomicBool,
}

/// Something to be given back, and of which counter.
#[derive(Debug)]
pub(super) struct Return {
    pub(super) key: Key,
    pub(super) limit: Limit,
    pub(super) rest: Rest,
}

impl Table {
    pub(super) fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { shards, holdings: AtomicUsize::new(0), closed: AtomicBool::new(false) }
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
            Some(holding) => holding.enter(charge.cost(), now),
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

    /// A counter is reset: what is held of it is worth nothing.
    pub(super) fn reset(&self, key: &Key, limit: &Limit) {
        let mut shard = self.shard(key);
        let holdings = shard.get_mut(key).into_iter().flatten();
        holdings.filter(|holding| holding.limit().same_counter(limit)).for_each(Holding::reset);
    }

    /// What has been held for longer than demand needs it. Forgets whom nobody asks for.
    pub(super) fn overdue(&self, now: Moment) -> Vec<Return> {
        self.collect(|holding| holding.overdue(now), |holding| !holding.is_idle(now))
    }

    /// All that is held. From now on nothing is.
    pub(super) fn close(&self, now: Moment) -> Vec<Return> {
        self.closed.store(true, Ordering::SeqCst);
        self.collect(|holding| holding.take_all(now), |_| true)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.holdings.load(Ordering::Relaxed) == 0
    }

    fn remember(&self, shard: &mut Shard, charge: &Charge<'_>, now: Moment) -> Way {
        let one_more = |holdings| (holdings < MOST_HOLDINGS).then_some(holdings + 1);
        if self.holdings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
            let holding = Holding::new(*charge.limit(), now);
            match shard.entry(charge.key().clone()) {
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
            shard.retain(|key, holdings| {
                let known = holdings.len();
                for holding in &mut *holdings {
                    let limit = *holding.limit();
                    returns.extend(take(holding).map(|rest| Return { key: key.clone(), limit, rest }));
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

/// The holding of a charge's counter, for the very same limit.
fn find<'a>(shard: &'a mut Shard, charge: &Charge<'_>) -> Option<&'a mut Holding> {
    shard.get_mut(charge.key())?.iter_mut().find(|holding| holding.limit() == charge.limit())
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A panic under the lock leaves a holding that is whole: each is changed in one step.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
