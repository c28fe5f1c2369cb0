//! Judges slots by their definitions, from the list of who holds what.

use limiter_core::LeaseId;

/// One lease in one key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hold {
    id: LeaseId,
    key: usize,
    permits: u64,
    expires_ms: u64,
}

/// Who holds what, expired or not. Keys are named by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotOracle {
    holds: Vec<Hold>,
}

/// What an acquire must answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// Granted in every scope; how many permits are in use in each.
    Yes(Vec<u64>),
    /// Denied: the place of the first scope that is full, and how many permits are in use in each.
    No(usize, Vec<u64>),
    /// The id is live in one of the scopes with other permits.
    Conflict,
}

impl SlotOracle {
    /// Asks for permits in scopes of (key, cap), and holds them where that is granted.
    pub fn acquire(
        &mut self,
        id: &LeaseId,
        scopes: &[(usize, u64)],
        permits: u64,
        ttl_ms: u64,
        now_ms: u64,
    ) -> Granted {
        let keys: Vec<_> = scopes.iter().map(|(key, _)| *key).collect();
        if self.live(now_ms).any(|hold| hold.id == *id && hold.permits != permits && keys.contains(&hold.key))
        {
            return Granted::Conflict;
        }
        let again = self.is_live(id, &keys, now_ms);
        let full = scopes.iter().position(|(key, cap)| {
            let others = self.live(now_ms).filter(|hold| hold.key == *key && hold.id != *id);
            sum(others) + u128::from(permits) > u128::from(*cap)
        });
        let denied_by = full.filter(|_| !again);
        if denied_by.is_none() {
            self.hold(id, &keys, permits, now_ms + ttl_ms);
        }
        let in_use = keys.iter().map(|key| self.in_use(*key, now_ms)).collect();
        match denied_by {
            None => Granted::Yes(in_use),
            Some(denied_by) => Granted::No(denied_by, in_use),
        }
    }

    /// Holds permits in keys until they expire, whoever granted them.
    pub fn hold(&mut self, id: &LeaseId, keys: &[usize], permits: u64, expires_ms: u64) {
        self.remove(id, keys);
        let hold = |key: &usize| Hold { id: id.clone(), key: *key, permits, expires_ms };
        self.holds.extend(keys.iter().map(hold));
    }

    /// Moves the expiry of a lease that is live in all the keys; removes another from them. Tells which it is.
    pub fn renew(&mut self, id: &LeaseId, keys: &[usize], ttl_ms: u64, now_ms: u64) -> bool {
        let live = self.is_live(id, keys, now_ms);
        if live {
            self.prolong(id, keys, now_ms + ttl_ms);
        } else {
            self.remove(id, keys);
        }
        live
    }

    /// Moves the expiry of a lease in keys, live or not.
    pub fn prolong(&mut self, id: &LeaseId, keys: &[usize], expires_ms: u64) {
        let mine = self.holds.iter_mut().filter(|hold| hold.id == *id && keys.contains(&hold.key));
        mine.for_each(|hold| hold.expires_ms = expires_ms);
    }

    /// Removes a lease from keys; tells whether it was live in all of them.
    pub fn release(&mut self, id: &LeaseId, keys: &[usize], now_ms: u64) -> bool {
        let live = self.is_live(id, keys, now_ms);
        self.remove(id, keys);
        live
    }

    /// Whether a lease is live in all the keys.
    pub fn is_live(&self, id: &LeaseId, keys: &[usize], now_ms: u64) -> bool {
        keys.iter().all(|key| self.live(now_ms).any(|hold| hold.key == *key && hold.id == *id))
    }

    /// Permits of the live leases of a key, at most `u64::MAX`.
    pub fn in_use(&self, key: usize, now_ms: u64) -> u64 {
        u64::try_from(sum(self.live(now_ms).filter(|hold| hold.key == key))).unwrap_or(u64::MAX)
    }

    /// The live leases of a key as (id, permits, expiry), in the order of these.
    pub fn leases(&self, key: usize, now_ms: u64) -> Vec<(LeaseId, u64, u64)> {
        let own = self.live(now_ms).filter(|hold| hold.key == key);
        let mut leases: Vec<_> = own.map(|hold| (hold.id.clone(), hold.permits, hold.expires_ms)).collect();
        leases.sort();
        leases
    }

    fn live(&self, now_ms: u64) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |hold| now_ms < hold.expires_ms)
    }

    fn remove(&mut self, id: &LeaseId, keys: &[usize]) {
        self.holds.retain(|hold| hold.id != *id || !keys.contains(&hold.key));
    }
}

fn sum<'a, I: Iterator<Item = &'a Hold>>(holds: I) -> u128 {
    holds.map(|hold| u128::from(hold.permits)).sum()
}
