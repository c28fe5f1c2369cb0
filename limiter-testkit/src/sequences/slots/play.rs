//! A candidate's slots and the reference's, side by side.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Error, Key, Lease, LeaseId, LeaseRequest, ManualClock, Result as Answered, Scope, SlotLimiter,
};

use super::call::{Call, Held, KEYS, Request};
use super::order::ordered;
use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::model::Model;
use crate::sequences::keys::alike;
use crate::sequences::play::Play;
use crate::sequences::reference::{End, Fault, expect};
use crate::trial::Trial;

/// A candidate's slots and the reference's.
pub(super) struct SlotsBeside {
    slots: Arc<dyn SlotLimiter>,
    reference: Model,
    keys: Vec<Key>,
    /// What the ids of this sequence begin with.
    mark: String,
}

impl Play for SlotsBeside {
    type Call = Call;

    fn new(candidate: &Candidate, clock: &ManualClock, trial: &Trial) -> Kept<Self> {
        let slots = candidate.backend().slots.clone();
        let keys = alike(candidate, trial)?[..KEYS].to_vec();
        let mark = keys[0].subject().replace('.', "-");
        Ok(Self { slots, reference: Model::new(clock.clone()), keys, mark })
    }

    async fn make(&mut self, call: &Call) -> Result<(), End> {
        match call {
            Call::Acquire(request) => self.acquire(request).await?,
            Call::Renew(leases) => {
                let leases = self.leases(leases)?;
                expect(&self.reference.renew(&leases).await, self.slots.renew(&leases).await)?;
            }
            Call::Release(leases) => {
                let leases = self.leases(leases)?;
                expect(&self.reference.release(&leases).await, self.slots.release(&leases).await)?;
            }
        }
        self.look().await
    }
}

impl SlotsBeside {
    async fn acquire(&self, request: &Request) -> Result<(), End> {
        let request = self.request(request).map_err(|error| invalid(&error))?;
        expect(&self.reference.acquire(&request).await, self.slots.acquire(&request).await).map(drop)
    }

    /// Looks at all that is held.
    async fn look(&self) -> Result<(), End> {
        for (place, key) in self.keys.iter().enumerate() {
            let (reference, slots) = (&self.reference, &self.slots);
            let after = |what, end| of_key(what, place, end);
            expect(&reference.in_use(key).await, slots.in_use(key).await)
                .map_err(|end| after("in use", end))?;
            expect(&reference.leases(key).await, slots.leases(key).await.map(ordered))
                .map_err(|end| after("leases", end))?;
        }
        Ok(())
    }

    fn request(&self, request: &Request) -> Answered<LeaseRequest> {
        let Request { lease, scopes, permits, ttl_ms } = request;
        let scopes: Vec<_> =
            scopes.iter().map(|(key, cap)| Scope::new(self.keys[*key].clone(), *cap)).collect();
        let request = LeaseRequest::new(scopes, Duration::from_millis(*ttl_ms))?;
        Ok(request.with_permits(*permits)?.with_id(self.id(*lease)?))
    }

    fn leases(&self, leases: &[Held]) -> Result<Vec<Lease>, End> {
        let lease = |Held { lease, keys, ttl_ms }: &Held| {
            let keys: Vec<_> = keys.iter().map(|key| self.keys[*key].clone()).collect();
            Lease::new(self.id(*lease)?, keys, Duration::from_millis(*ttl_ms))
        };
        leases.iter().map(lease).collect::<Answered<_>>().map_err(|error| invalid(&error))
    }

    fn id(&self, lease: u8) -> Answered<LeaseId> {
        LeaseId::parse(&format!("{}-{lease}", self.mark))
    }
}

/// The same end, told of a key that was looked at after the call.
fn of_key(what: &str, place: usize, end: End) -> End {
    let told = |answer: &str| format!("{what} of key {} after it: {answer}", place + 1);
    match end {
        End::Differs(Fault { wanted, got }) => End::Differs(Fault { wanted: told(&wanted), got: told(&got) }),
        End::Either => End::Either,
    }
}

/// What is drawn is valid; that it can't be built is a fault of core.
fn invalid(error: &Error) -> End {
    End::Differs(Fault { wanted: "a valid request can be built".to_owned(), got: error.to_string() })
}
