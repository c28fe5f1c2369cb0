//! A slot limiter that is asked on a clock that is handed in.

use std::fmt::Debug;
use std::time::Duration;

use limiter_core::{
    Acquisition, Clock, Error, ErrorKind, HeldLease, Key, Lease, LeaseId, LeaseRequest, ManualClock, Scope,
    SlotLimiter,
};

use super::history::{Ask, Call};
use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// A slot limiter that is asked on a clock that is handed in, about keys and leases of its own.
pub(super) struct Hearing<'a> {
    slots: &'a dyn SlotLimiter,
    promise: Promise,
    clock: ManualClock,
    keys: Vec<Key>,
    ids: Vec<LeaseId>,
}

/// What was answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// To an acquire: granted or denied; `None` for a conflict.
    Acquire(Option<Acquisition>),
    /// To a renewal or a release: whether it was live.
    Live(bool),
}

impl<'a> Hearing<'a> {
    pub(super) fn of(slots: &'a dyn SlotLimiter, promise: Promise, calls: &[Call]) -> Kept<Self> {
        let (mut leases, mut keys) = (0, 0);
        for call in calls {
            leases = leases.max(usize::from(call.ask.lease()) + 1);
            keys = call.ask.keys().into_iter().fold(keys, |keys, key| keys.max(key + 1));
        }
        let clock = promise.handed_in()?;
        let keys = (0..keys).map(|_| promise.key("law")).collect::<Kept<_>>()?;
        let ids = (0..leases).map(|_| Ok(LeaseId::random()?)).collect::<Kept<_>>()?;
        Ok(Self { slots, promise, clock, keys, ids })
    }

    /// Sets the clock, and tells what it shows.
    pub(super) fn set_ms(&self, at_ms: u64) -> u64 {
        self.clock.set_ms(at_ms);
        self.clock.now_ms()
    }

    pub(super) fn id(&self, ask: &Ask) -> &LeaseId {
        &self.ids[usize::from(ask.lease())]
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Makes a call.
    pub(super) async fn make(&self, ask: &Ask) -> Kept<Answer> {
        let no_answer = |error: Error| self.broken(ask, "an answer", &error);
        match ask {
            Ask::Acquire { scopes, permits, ttl_ms, .. } => {
                let scopes: Vec<_> =
                    scopes.iter().map(|(key, cap)| Scope::new(self.keys[*key].clone(), *cap)).collect();
                let request = LeaseRequest::new(scopes, Duration::from_millis(*ttl_ms))?;
                let request = request.with_permits(*permits)?.with_id(self.id(ask).clone());
                match self.slots.acquire(&request).await {
                    Err(error) if error.kind() == ErrorKind::Conflict => Ok(Answer::Acquire(None)),
                    answer => Ok(Answer::Acquire(Some(answer.map_err(no_answer)?))),
                }
            }
            Ask::Renew { ttl_ms, .. } => {
                let live = self.slots.renew(&[self.lease(ask, *ttl_ms)?]).await.map_err(no_answer)?;
                self.live(ask, &live)
            }
            Ask::Release { .. } => {
                let live = self.slots.release(&[self.lease(ask, 1)?]).await.map_err(no_answer)?;
                self.live(ask, &live)
            }
        }
    }

    /// Permits in use of a key.
    pub(super) async fn in_use(&self, key: usize, after: &Ask) -> Kept<u64> {
        let in_use = self.slots.in_use(&self.keys[key]).await;
        in_use.map_err(|error| self.broken(after, "how many are in use after it", &error))
    }

    /// The leases of a key.
    pub(super) async fn leases(&self, key: usize, after: &Ask) -> Kept<Vec<HeldLease>> {
        let leases = self.slots.leases(&self.keys[key]).await;
        leases.map_err(|error| self.broken(after, "the leases after it", &error))
    }

    /// Releases all leases, so that many histories fill no store. Whether that works isn't the law's business.
    pub(super) async fn forget(&self) -> Kept {
        for key in &self.keys {
            let lease = |id: &LeaseId| Lease::new(id.clone(), [key.clone()], Duration::from_millis(1));
            let leases = self.ids.iter().map(lease).collect::<Result<Vec<_>, _>>()?;
            let _ = self.slots.release(&leases).await;
        }
        Ok(())
    }

    /// That the promise was broken by a call, or by what is seen after it.
    pub(super) fn broken(&self, ask: &Ask, wanted: impl Into<String>, got: &dyn Debug) -> Broken {
        let asked = format!("{ask:?}, at {}", self.clock.now_ms());
        self.promise.broken(asked, wanted.into(), format!("{got:?}"))
    }

    fn lease(&self, ask: &Ask, ttl_ms: u64) -> Kept<Lease> {
        let keys: Vec<_> = ask.keys().into_iter().map(|key| self.keys[key].clone()).collect();
        Ok(Lease::new(self.id(ask).clone(), keys, Duration::from_millis(ttl_ms))?)
    }

    fn live(&self, ask: &Ask, live: &[bool]) -> Kept<Answer> {
        match live {
            [live] => Ok(Answer::Live(*live)),
            several => Err(self.broken(ask, "whether the one lease was live", &several)),
        }
    }
}

impl Ask {
    /// In which keys.
    pub(super) fn keys(&self) -> Vec<usize> {
        match self {
            Self::Acquire { scopes, .. } => scopes.iter().map(|(key, _)| *key).collect(),
            Self::Renew { keys, .. } | Self::Release { keys, .. } => keys.clone(),
        }
    }

    const fn lease(&self) -> u8 {
        match self {
            Self::Acquire { lease, .. } | Self::Renew { lease, .. } | Self::Release { lease, .. } => *lease,
        }
    }
}
