//! What calls on slots do, one after the other.

use std::collections::HashMap;
use std::fmt;

use limiter_core::algorithm::{self, LeaseBook};
use limiter_core::{Acquisition, Key, Lease, LeaseRequest, Scope};

use super::explain::Specification;

/// Slots by core's pure functions, all calls at one time.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    now_ms: u64,
}

/// A call on slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotCall {
    /// Asks for a lease.
    Acquire(LeaseRequest),
    /// Renews one lease.
    Renew(Lease),
    /// Gives one lease back.
    Release(Lease),
    /// Asks what is held of a key.
    InUse(Key),
}

/// The answer to a [`SlotCall`], without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotAnswer {
    /// Granted; so many permits are held in each scope.
    Acquired(Vec<u64>),
    /// Refused by the scope at that place; so many permits are held in each.
    Full(usize, Vec<u64>),
    /// The id is live with other permits.
    Conflict,
    /// Whether the lease is, or was, live.
    Live(bool),
    /// So many permits are held.
    InUse(u64),
}

impl Slots {
    /// Slots that are asked at a time, in milliseconds since the Unix epoch.
    pub const fn at(now_ms: u64) -> Self {
        Self { now_ms }
    }
}

impl From<Acquisition> for SlotAnswer {
    fn from(acquisition: Acquisition) -> Self {
        match acquisition {
            Acquisition::Acquired(acquired) => Self::Acquired(acquired.in_use),
            Acquisition::Full(full) => Self::Full(full.denied_by, full.in_use),
        }
    }
}

impl Specification for Slots {
    type State = HashMap<Key, LeaseBook>;
    type Call = SlotCall;
    type Answer = SlotAnswer;

    fn start(&self) -> Self::State {
        HashMap::new()
    }

    fn apply(&self, state: &mut Self::State, call: &SlotCall) -> SlotAnswer {
        match call {
            SlotCall::Acquire(request) => {
                let acquire = |books: &mut [LeaseBook]| algorithm::acquire(books, request, self.now_ms);
                // The only error there is: a request that is valid conflicts or doesn't.
                changed(state, request.lease().keys(), acquire).map_or(SlotAnswer::Conflict, SlotAnswer::from)
            }
            SlotCall::Renew(lease) => SlotAnswer::Live(changed(state, lease.keys(), |books| {
                algorithm::renew(books, lease.id(), lease.ttl_ms(), self.now_ms)
            })),
            SlotCall::Release(lease) => SlotAnswer::Live(changed(state, lease.keys(), |books| {
                algorithm::release(books, lease.id(), self.now_ms)
            })),
            SlotCall::InUse(key) => {
                SlotAnswer::InUse(state.get(key).map_or(0, |book| book.in_use(self.now_ms)))
            }
        }
    }
}

/// Changes the books of some keys together.
fn changed<T>(
    state: &mut HashMap<Key, LeaseBook>,
    keys: &[Key],
    change: impl FnOnce(&mut [LeaseBook]) -> T,
) -> T {
    let mut books: Vec<_> = keys.iter().map(|key| state.remove(key).unwrap_or_default()).collect();
    let answer = change(&mut books);
    state.extend(keys.iter().cloned().zip(books));
    answer
}

/// The call in words. Of a key it shows the space alone.
impl fmt::Display for SlotCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquire(request) => {
                let scope = |scope: &Scope| format!("{} up to {}", scope.key().space(), scope.cap());
                let scopes: Vec<_> = request.scopes().iter().map(scope).collect();
                write!(f, "acquire {}: {} of {}", request.id(), request.permits(), scopes.join(" and of "))
            }
            Self::Renew(lease) => write!(f, "renew {}", lease.id()),
            Self::Release(lease) => write!(f, "release {}", lease.id()),
            Self::InUse(key) => write!(f, "in use of {}", key.space()),
        }
    }
}

/// The answer in words.
impl fmt::Display for SlotAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquired(in_use) => write!(f, "granted, in use {in_use:?}"),
            Self::Full(denied_by, in_use) => write!(f, "scope {} is full, in use {in_use:?}", denied_by + 1),
            Self::Conflict => f.write_str("conflict"),
            Self::Live(live) => f.write_str(if *live { "live" } else { "not live" }),
            Self::InUse(permits) => write!(f, "{permits}"),
        }
    }
}
