//! The errands that wait, each id once.

use std::collections::{HashSet, VecDeque};

use tokio::time::Instant;

use super::errand::Errand;

/// What waits to be sent, the oldest first, and what is being sent: both take room.
#[derive(Debug)]
pub(super) struct Waiting<E: Errand> {
    errands: VecDeque<E>,
    /// Of those that wait and those under way.
    ids: HashSet<E::Id>,
    most: usize,
}

impl<E: Errand> Waiting<E> {
    pub(super) fn new(most: usize) -> Self {
        Self { errands: VecDeque::new(), ids: HashSet::new(), most }
    }

    /// Takes all in or none; `false`: there is no room. What waits already isn't taken in again.
    pub(super) fn push(&mut self, errands: Vec<E>) -> bool {
        let added = errands.iter().filter(|errand| !self.ids.contains(errand.id())).count();
        if self.ids.len() + added > self.most {
            return false;
        }
        for errand in errands {
            if self.ids.insert(errand.id().clone()) {
                self.errands.push_back(errand);
            }
        }
        true
    }

    /// The oldest, at most so many, to be sent now.
    pub(super) fn take(&mut self, most: usize) -> Vec<E> {
        let count = self.errands.len().min(most);
        self.errands.drain(..count).collect()
    }

    /// Takes out what makes no sense any more. It looks through all, so it isn't for every call.
    pub(super) fn take_ended(&mut self, now: Instant) -> Vec<E> {
        let mut ended = Vec::new();
        self.errands.retain(|errand| {
            let has_ended = errand.ends().is_some_and(|ends| ends <= now);
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
            self.ids.remove(errand.id());
        }
    }

    /// These failed. They go behind all others, so that one on which the store hangs holds up nobody.
    pub(super) fn again(&mut self, errands: Vec<E>) {
        self.errands.extend(errands);
    }

    pub(super) fn contains(&self, id: &E::Id) -> bool {
        self.ids.contains(id)
    }

    /// How many wait or are under way.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) const fn most(&self) -> usize {
        self.most
    }
}
