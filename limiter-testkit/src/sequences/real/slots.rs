//! Slots in real time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::algorithm::{self, LeaseBook};
use limiter_core::{
    Acquisition, Error, ErrorKind, HeldLease, Key, Lease, LeaseId, LeaseRequest, Result as Answered, Scope,
    SlotLimiter,
};
use proptest::prelude::*;

use super::plays::Real;
use crate::sequences::slots::ordered;
use crate::sequences::words::Words;
use crate::trial::Trial;

/// One key, and keys to learn the time by.
pub(super) struct RealSlots {
    slots: Arc<dyn SlotLimiter>,
    trial: Trial,
    key: Key,
}

/// What can be asked, of few leases by their numbers.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Acquire { lease: u8, permits: u64, cap: u64, ttl_ms: u64 },
    Renew { lease: u8, ttl_ms: u64 },
    Release(u8),
    InUse,
    Leases,
}

#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Acquisition(Acquisition),
    Live(Vec<bool>),
    InUse(u64),
    Leases(Vec<HeldLease>),
}

impl RealSlots {
    pub(super) fn new(slots: &Arc<dyn SlotLimiter>, trial: &Trial) -> Answered<Self> {
        Ok(Self { slots: Arc::clone(slots), trial: trial.clone(), key: trial.key("r")? })
    }

    fn request(&self, lease: u8, permits: u64, cap: u64, ttl_ms: u64) -> Answered<LeaseRequest> {
        let request = LeaseRequest::new([Scope::new(self.key.clone(), cap)], Duration::from_millis(ttl_ms))?;
        Ok(request.with_permits(permits)?.with_id(self.id(lease)?))
    }

    fn lease(&self, lease: u8, ttl_ms: u64) -> Answered<Lease> {
        Lease::new(self.id(lease)?, [self.key.clone()], Duration::from_millis(ttl_ms))
    }

    fn id(&self, lease: u8) -> Answered<LeaseId> {
        LeaseId::parse(&format!("{}-{lease}", self.key.subject().replace('.', "-")))
    }
}

impl Real for RealSlots {
    type World = LeaseBook;
    type Call = Call;
    type Answer = Answer;

    fn start(&self) -> LeaseBook {
        LeaseBook::default()
    }

    fn calls(&self) -> BoxedStrategy<Call> {
        let ttl_ms = || prop_oneof![4 => 5..80_u64, 3 => 50..400_u64, 1 => 1_000..3_000_u64];
        let acquire = (1..=5_u8, 1..=2_u64, 0..=4_u64, ttl_ms());
        let acquire =
            acquire.prop_map(|(lease, permits, cap, ttl_ms)| Call::Acquire { lease, permits, cap, ttl_ms });
        prop_oneof![
            6 => acquire,
            3 => (1..=5_u8, ttl_ms()).prop_map(|(lease, ttl_ms)| Call::Renew { lease, ttl_ms }),
            2 => (1..=5_u8).prop_map(Call::Release),
            3 => Just(Call::InUse),
            4 => Just(Call::Leases),
        ]
        .boxed()
    }

    /// By when a lease of its own runs out.
    async fn now_ms(&mut self) -> Answered<u64> {
        const TTL_MS: u64 = 10_000;
        let key = self.trial.key("t")?;
        let request = LeaseRequest::new([Scope::new(key.clone(), 1)], Duration::from_millis(TTL_MS))?;
        let _ = self.slots.acquire(&request).await?;
        let leases = self.slots.leases(&key).await?;
        let now_ms = leases.first().and_then(|lease| lease.expires_ms.checked_sub(TTL_MS));
        now_ms
            .ok_or_else(|| Error::new(ErrorKind::Protocol, "a lease that was granted isn't among the leases"))
    }

    async fn ask(&self, call: &Call) -> Answered<Answer> {
        match call {
            Call::Acquire { lease, permits, cap, ttl_ms } => {
                let request = self.request(*lease, *permits, *cap, *ttl_ms)?;
                self.slots.acquire(&request).await.map(Answer::Acquisition)
            }
            Call::Renew { lease, ttl_ms } => {
                self.slots.renew(&[self.lease(*lease, *ttl_ms)?]).await.map(Answer::Live)
            }
            Call::Release(lease) => self.slots.release(&[self.lease(*lease, 1)?]).await.map(Answer::Live),
            Call::InUse => self.slots.in_use(&self.key).await.map(Answer::InUse),
            Call::Leases => self.slots.leases(&self.key).await.map(ordered).map(Answer::Leases),
        }
    }

    fn apply(&self, world: &mut LeaseBook, call: &Call, now_ms: u64) -> Answered<Answer> {
        let books = std::slice::from_mut(world);
        match call {
            Call::Acquire { lease, permits, cap, ttl_ms } => {
                let request = self.request(*lease, *permits, *cap, *ttl_ms)?;
                algorithm::acquire(books, &request, now_ms).map(Answer::Acquisition)
            }
            Call::Renew { lease, ttl_ms } => {
                Ok(Answer::Live(vec![algorithm::renew(books, &self.id(*lease)?, *ttl_ms, now_ms)]))
            }
            Call::Release(lease) => {
                Ok(Answer::Live(vec![algorithm::release(books, &self.id(*lease)?, now_ms)]))
            }
            Call::InUse => Ok(Answer::InUse(world.in_use(now_ms))),
            Call::Leases => Ok(Answer::Leases(ordered(world.leases(now_ms)))),
        }
    }
}

impl Words for Answer {
    fn words(&self) -> String {
        match self {
            Self::Acquisition(acquisition) => acquisition.words(),
            Self::Live(live) => live.words(),
            Self::InUse(permits) => permits.words(),
            Self::Leases(leases) => leases.words(),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquire { lease, permits, cap, ttl_ms } => {
                write!(f, "acquire lease {lease}: {permits} for {ttl_ms} ms, cap {cap}")
            }
            Self::Renew { lease, ttl_ms } => write!(f, "renew lease {lease} for {ttl_ms} ms"),
            Self::Release(lease) => write!(f, "release lease {lease}"),
            Self::InUse => f.write_str("in use"),
            Self::Leases => f.write_str("leases"),
        }
    }
}
