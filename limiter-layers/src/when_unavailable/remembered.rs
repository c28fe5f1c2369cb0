//! Which reservations the fallback has.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use limiter_core::ReservationId;
use tokio::time::Instant;

/// A bounded memory of ids, each until a time.
#[derive(Debug)]
pub(super) struct Remembered {
    ids: Mutex<Ids>,
    /// To be read without the lock: until the store is down for the first time it is 0.
    count: AtomicUsize,
    most: usize,
}

#[derive(Debug, Default)]
struct Ids {
    until: HashMap<ReservationId, Instant>,
    by_end: BTreeSet<(Instant, ReservationId)>,
}

impl Remembered {
    pub(super) fn new(most: usize) -> Self {
        Self { ids: Mutex::default(), count: AtomicUsize::new(0), most }
    }

    /// Remembers an id until then, or longer if it is remembered for longer already; `false`: there is no room.
    pub(super) fn keep(&self, id: &ReservationId, until: Instant) -> bool {
        let mut ids = self.lock();
        ids.drop_ended(Instant::now());
        let known = ids.until.get(id).copied();
        let has_room = known.is_some() || ids.until.len() < self.most;
        if has_room {
            ids.put(id, known.map_or(until, |known| known.max(until)));
        }
        self.changed(&ids);
        has_room
    }

    pub(super) fn contains(&self, id: &ReservationId) -> bool {
        if self.count.load(Ordering::SeqCst) == 0 {
            return false;
        }
        let mut ids = self.lock();
        ids.drop_ended(Instant::now());
        self.changed(&ids);
        ids.until.contains_key(id)
    }

    pub(super) fn forget(&self, id: &ReservationId) {
        let mut ids = self.lock();
        ids.remove(id);
        self.changed(&ids);
    }

    pub(super) const fn most(&self) -> usize {
        self.most
    }

    fn changed(&self, ids: &Ids) {
        self.count.store(ids.until.len(), Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ids {
    fn put(&mut self, id: &ReservationId, until: Instant) {
        self.remove(id);
        self.until.insert(id.clone(), until);
        self.by_end.insert((until, id.clone()));
    }

    fn remove(&mut self, id: &ReservationId) {
        if let Some(until) = self.until.remove(id) {
            self.by_end.remove(&(until, id.clone()));
        }
    }

    fn drop_ended(&mut self, now: Instant) {
        while let Some((until, id)) = self.by_end.first()
            && *until <= now
        {
            let id = id.clone();
            self.remove(&id);
        }
    }
}
