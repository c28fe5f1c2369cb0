//! Judges slots by their definitions, from the list of who holds what.

use limiter_core::{Acquisition, HeldLease};

/// One lease in one key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hold {
    id: String,
    key: usize,
    permits: u64,
    expires_ms: u64,
}

/// Who holds what, expired or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlotOracle {
    holds: Vec<Hold>,
}

/// What an acquire must answer: granted, or denied by a scope; `None` is a conflict.
pub(crate) type Expected = Option<(Option<usize>, Vec<u64>)>;

impl SlotOracle {
    pub(crate) fn acquire(
        &mut self,
        id: &str,
        scopes: &[(usize, u64)],
        permits: u64,
        ttl_ms: u64,
        now_ms: u64,
    ) -> Expected {
        let own = |key: usize| self.live(key, now_ms).into_iter().find(|hold| hold.id == id);
        let held: Vec<_> = scopes.iter().map(|(key, _)| own(*key)).collect();
        if held.iter().flatten().any(|hold| hold.permits != permits) {
            return None;
        }
        let again = held.iter().all(Option::is_some);
        let full = scopes.iter().position(|(key, cap)| {
            let others = self.live(*key, now_ms).into_iter().filter(|hold| hold.id != id);
            others.map(|hold| u128::from(hold.permits)).sum::<u128>() + u128::from(permits) > u128::from(*cap)
        });
        let denied_by = full.filter(|_| !again);
        if denied_by.is_none() {
            for (key, _) in scopes {
                self.remove(id, *key);
                self.holds.push(Hold { id: id.to_owned(), key: *key, permits, expires_ms: now_ms + ttl_ms });
            }
        }
        Some((denied_by, scopes.iter().map(|(key, _)| self.in_use(*key, now_ms)).collect()))
    }

    pub(crate) fn renew(&mut self, id: &str, keys: &[usize], ttl_ms: u64, now_ms: u64) -> bool {
        let live = self.is_live(id, keys, now_ms);
        let mine = |hold: &Hold| hold.id == id && keys.contains(&hold.key);
        if live {
            let mine = self.holds.iter_mut().filter(|hold| mine(hold));
            mine.for_each(|hold| hold.expires_ms = now_ms + ttl_ms);
        } else {
            self.holds.retain(|hold| !mine(hold));
        }
        live
    }

    pub(crate) fn release(&mut self, id: &str, keys: &[usize], now_ms: u64) -> bool {
        let live = self.is_live(id, keys, now_ms);
        for key in keys {
            self.remove(id, *key);
        }
        live
    }

    pub(crate) fn in_use(&self, key: usize, now_ms: u64) -> u64 {
        self.live(key, now_ms).iter().map(|hold| hold.permits).sum()
    }

    /// The live leases as (id, permits, expiry), in no order.
    pub(crate) fn leases(&self, key: usize, now_ms: u64) -> Vec<(String, u64, u64)> {
        let tell = |hold: Hold| (hold.id, hold.permits, hold.expires_ms);
        let mut leases: Vec<_> = self.live(key, now_ms).into_iter().map(tell).collect();
        leases.sort();
        leases
    }

    fn live(&self, key: usize, now_ms: u64) -> Vec<Hold> {
        let live = |hold: &&Hold| hold.key == key && now_ms < hold.expires_ms;
        self.holds.iter().filter(live).cloned().collect()
    }

    fn is_live(&self, id: &str, keys: &[usize], now_ms: u64) -> bool {
        keys.iter().all(|key| self.live(*key, now_ms).iter().any(|hold| hold.id == id))
    }

    fn remove(&mut self, id: &str, key: usize) {
        self.holds.retain(|hold| hold.id != id || hold.key != key);
    }
}

/// An answer in the oracle's form.
pub(crate) fn told(answer: limiter_core::Result<Acquisition>) -> Expected {
    match answer {
        Ok(Acquisition::Acquired(acquired)) => Some((None, acquired.in_use)),
        Ok(Acquisition::Full(full)) => Some((Some(full.denied_by), full.in_use)),
        Err(error) => {
            assert_eq!(error.kind(), limiter_core::ErrorKind::Conflict);
            None
        }
    }
}

/// A list of leases in the oracle's form, which tells whether the first to run out is the first.
pub(crate) fn listed(leases: Vec<HeldLease>) -> Vec<(String, u64, u64)> {
    assert!(leases.is_sorted_by_key(|lease| lease.expires_ms));
    let tell = |lease: HeldLease| (lease.id.to_string(), lease.permits, lease.expires_ms);
    let mut leases: Vec<_> = leases.into_iter().map(tell).collect();
    leases.sort();
    leases
}
