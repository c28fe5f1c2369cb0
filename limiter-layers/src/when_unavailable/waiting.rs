//! The errands that wait, each once.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

use super::errand::Errand;

/// What waits to be sent, the oldest first, and what is being sent: both take room.
#[derive(Debug)]
pub(super) struct Waiting<E: Errand> {
    errands: VecDeque<E>,
    /// Those that wait and those under way. Of one id, no two do the same.
    by_id: HashMap<E::Id, Vec<E>>,
    count: usize,
    most: usize,
}

impl<E: Errand> Waiting<E> {
    pub(super) fn new(most: usize) -> Self {
        Self { errands: VecDeque::new(), by_id: HashMap::new(), count: 0, most }
    }

    /// Takes all in or none; `false`: there is no room. What waits already isn't taken in again.
    pub(super) fn push(&mut self, errands: &[E]) -> bool {
        for errand in errands {
            self.end_with(errand);
        }
        let added = errands.iter().filter(|errand| self.rest_of(errand).is_some()).count();
        if self.count + added > self.most {
            return false;
        }
        for errand in errands {
            if let Some(rest) = self.rest_of(errand) {
                self.by_id.entry(rest.id().clone()).or_default().push(rest.clone());
                self.errands.push_back(rest);
                self.count += 1;
            }
        }
        true
    }

    /// What waits ends as soon as this one, where it does the same.
    pub(super) fn end_with(&self, errand: &E) {
        let known = self.by_id.get(errand.id()).into_iter().flatten();
        known.for_each(|known| known.end_with(errand));
    }

    /// What of it doesn't wait yet.
    pub(super) fn rest_of(&self, errand: &E) -> Option<E> {
        let known = self.by_id.get(errand.id()).map_or(&[][..], Vec::as_slice);
        known.iter().try_fold(errand.clone(), |rest, known| known.rest_of(&rest))
    }

    /// Whether it, or what waits under its id, makes no sense any more.
    pub(super) fn is_late_for(&self, errand: &E, now: Instant) -> bool {
        let known = self.by_id.get(errand.id()).into_iter().flatten();
        known.chain([errand]).any(|errand| has_ended(errand, now))
    }

    /// The oldest, at most so many, to be sent now; and those of them that make no sense any more.
    pub(super) fn take(&mut self, most: usize, now: Instant) -> (Vec<E>, Vec<E>) {
        let count = self.errands.len().min(most);
        let (ended, errands): (Vec<E>, Vec<E>) =
            self.errands.drain(..count).partition(|errand| has_ended(errand, now));
        self.forget(&ended);
        (errands, ended)
    }

    /// Takes out what makes no sense any more. It looks through all, so it isn't for every call.
    pub(super) fn take_ended(&mut self, now: Instant) -> Vec<E> {
        let mut ended = Vec::new();
        self.errands.retain(|errand| {
            let has_ended = has_ended(errand, now);
            if has_ended {
                ended.push(errand.clone());
            }
            !has_ended
        });
        self.forget(&ended);
        ended
    }

    /// These were sent, or are given up.
    pub(super) fn forget(&mut self, errands: &[E]) {
        for errand in errands {
            let Some(known) = self.by_id.get_mut(errand.id()) else { continue };
            let before = known.len();
            known.retain(|known| known.rest_of(errand).is_some());
            self.count -= before - known.len();
            if known.is_empty() {
                self.by_id.remove(errand.id());
            }
        }
    }

    /// These failed. They go behind all others, so that one on which the store hangs holds up nobody.
    pub(super) fn again(&mut self, errands: Vec<E>) {
        self.errands.extend(errands);
    }

    pub(super) fn contains(&self, id: &E::Id) -> bool {
        self.by_id.contains_key(id)
    }

    /// How many wait or are under way.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    pub(super) const fn most(&self) -> usize {
        self.most
    }
}

fn has_ended<E: Errand>(errand: &E, now: Instant) -> bool {
    errand.ends().is_some_and(|ends| ends <= now)
}
