//! Slots when the store is unavailable.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Error, ErrorKind, HeldLease, Key, Lease, LeaseRequest, Result, SlotLimiter, Source,
};
use tracing::warn;

use super::choice::Instead;
use super::failure::{both, is_unavailable, may_be_done};
use super::lent::{self, Grantor, LentUntil};
use super::parts::Part;
use super::queue::Queue;
use super::release::Release;
use super::tally::Tally;
use super::uncounted;

/// What is done with a release that couldn't be sent.
const QUEUE: &str = "queue";

/// The slots of a backend, and what answers in their place.
#[derive(Debug)]
pub(super) struct Slots {
    store: Arc<dyn SlotLimiter>,
    instead: Instead<dyn SlotLimiter>,
    releases: Arc<Queue<Release>>,
    lent_until: LentUntil,
    tally: Tally,
}

/// A call's leases, by who is to be asked about them.
#[derive(Debug, Default)]
struct Parts {
    store: Part,
    fallback: Part,
    /// Let through, so that nobody needs to be asked.
    uncounted: Vec<usize>,
}

impl Parts {
    /// Releases what the fallback granted, or may have granted: that is left to its TTL where it fails.
    async fn release_lent(
        &mut self,
        fallback: &dyn SlotLimiter,
        leases: &[Lease],
        answers: &mut [bool],
    ) -> Result<()> {
        let has_its_own = !self.fallback.is_empty();
        self.add_twins(leases);
        match fallback.release(self.fallback.leases()).await {
            Ok(live) => self.fallback.tell(&live, answers),
            Err(error) if has_its_own => Err(error),
            Err(error) => {
                warn!(leases = leases.len(), %error, "left to their TTL in the fallback, if it has them");
                Ok(())
            }
        }
    }

    /// Whoever never saw the answer to its acquire releases the lease that it asked for: the fallback may have it.
    fn add_twins(&mut self, leases: &[Lease]) {
        for (place, lease) in leases.iter().enumerate() {
            if Grantor::of(lease.id()) == Grantor::Store
                && let Some(twin) = lent::twin(lease)
            {
                self.fallback.push(place, twin);
            }
        }
    }
}

impl Slots {
    pub(super) fn new(
        store: Arc<dyn SlotLimiter>,
        instead: Instead<dyn SlotLimiter>,
        releases: Arc<Queue<Release>>,
    ) -> Self {
        Self { store, instead, releases, lent_until: LentUntil::new(), tally: Tally::new("slots") }
    }

    async fn acquire_instead(&self, request: &LeaseRequest, error: Error) -> Result<Acquisition> {
        self.tally.count(self.instead.as_str(), &error);
        match &self.instead {
            Instead::Refuse => Err(error),
            Instead::Allow => match renamed(request, Grantor::Nobody) {
                Some(request) => Ok(uncounted::acquisition(&request)),
                None => Err(error),
            },
            Instead::Fallback(fallback) => match renamed(request, Grantor::Fallback) {
                Some(request) => self.borrow(&**fallback, &request, &error).await,
                None => Err(error),
            },
        }
    }

    async fn borrow(
        &self,
        fallback: &dyn SlotLimiter,
        request: &LeaseRequest,
        error: &Error,
    ) -> Result<Acquisition> {
        self.lent_until.extend(request.ttl_ms());
        match fallback.acquire(request).await {
            Ok(Acquisition::Acquired(mut acquired)) => {
                acquired.source = Source::Fallback;
                Ok(Acquisition::Acquired(acquired))
            }
            Ok(Acquisition::Full(mut full)) => {
                full.source = Source::Fallback;
                Ok(Acquisition::Full(full))
            }
            Err(own) => Err(both(own, error)),
        }
    }

    /// The store may have granted what is answered elsewhere now. It is given back there, so that nobody holds it in
    /// both; without a place in the queue for that, nothing is answered elsewhere.
    fn give_back(&self, request: &LeaseRequest, error: Error) -> Result<Error> {
        if matches!(self.instead, Instead::Refuse) || !may_be_done(&error) {
            return Ok(error);
        }
        self.releases.push(&[Release::new(request.lease())], error)
    }

    /// The store has answered a request which the fallback may have granted before.
    async fn take_back(&self, request: &LeaseRequest) {
        let Some(fallback) = self.lender() else { return };
        let Some(lease) = lent::twin(&request.lease()) else { return };
        if let Err(error) = fallback.release(&[lease]).await {
            warn!(lease = %request.id(), %error, "left to its TTL in the fallback");
        }
    }

    /// The fallback, while it may hold leases.
    fn lender(&self) -> Option<&dyn SlotLimiter> {
        match &self.instead {
            Instead::Fallback(fallback) if self.lent_until.is_now() => Some(&**fallback),
            _ => None,
        }
    }

    /// Whether the store alone is asked about these.
    fn is_the_stores(&self, leases: &[Lease]) -> bool {
        let own = matches!(self.instead, Instead::Refuse)
            || leases.iter().all(|lease| Grantor::of(lease.id()) == Grantor::Store);
        own && self.releases.is_empty()
    }

    /// A lease whose release waits is in no part: it isn't live any more.
    fn apart(&self, leases: &[Lease]) -> Parts {
        let mut parts = Parts::default();
        for (place, lease) in leases.iter().enumerate() {
            match (&self.instead, Grantor::of(lease.id())) {
                (Instead::Fallback(_), Grantor::Fallback) => parts.fallback.push(place, lease.clone()),
                (Instead::Allow, Grantor::Nobody) => parts.uncounted.push(place),
                _ if self.releases.contains(lease.id()) => {}
                _ => parts.store.push(place, lease.clone()),
            }
        }
        parts
    }

    async fn renew_in_store(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        match self.store.renew(leases).await {
            Err(error) if is_unavailable(&error) => {
                self.tally.count(self.instead.as_str(), &error);
                match self.instead {
                    Instead::Allow => Ok(vec![true; leases.len()]),
                    Instead::Refuse | Instead::Fallback(_) => Err(error),
                }
            }
            answer => answer,
        }
    }

    async fn release_in_store(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        match self.store.release(leases).await {
            Err(error) if is_unavailable(&error) => {
                self.tally.count(QUEUE, &error);
                let releases: Vec<_> = leases.iter().cloned().map(Release::new).collect();
                self.releases.push(&releases, error)?;
                Ok(vec![true; leases.len()])
            }
            answer => answer,
        }
    }

    /// Whom to ask what is held while the store can't tell.
    fn informant(&self, error: Error) -> Result<&dyn SlotLimiter> {
        self.tally.count(self.instead.as_str(), &error);
        match &self.instead {
            Instead::Fallback(fallback) => Ok(&**fallback),
            Instead::Refuse | Instead::Allow => Err(error),
        }
    }
}

#[async_trait]
impl SlotLimiter for Slots {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        if !matches!(self.instead, Instead::Refuse) {
            lent::check(request)?;
        }
        if self.releases.contains(request.id()) {
            return self.acquire_instead(request, release_waits(request)).await;
        }
        match self.store.acquire(request).await {
            Err(error) if is_unavailable(&error) => {
                let error = self.give_back(request, error)?;
                self.acquire_instead(request, error).await
            }
            Ok(answer) => {
                self.take_back(request).await;
                Ok(answer)
            }
            failed => failed,
        }
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        if self.is_the_stores(leases) {
            return self.renew_in_store(leases).await;
        }
        let parts = self.apart(leases);
        let mut answers = vec![false; leases.len()];
        parts.uncounted.iter().for_each(|place| answers[*place] = true);
        if let (Instead::Fallback(fallback), false) = (&self.instead, parts.fallback.is_empty()) {
            parts.fallback.leases().iter().for_each(|lease| self.lent_until.extend(lease.ttl_ms()));
            parts.fallback.tell(&fallback.renew(parts.fallback.leases()).await?, &mut answers)?;
        }
        if !parts.store.is_empty() {
            parts.store.tell(&self.renew_in_store(parts.store.leases()).await?, &mut answers)?;
        }
        Ok(answers)
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let lender = self.lender();
        if lender.is_none() && self.is_the_stores(leases) {
            return self.release_in_store(leases).await;
        }
        let mut parts = self.apart(leases);
        let mut answers = vec![false; leases.len()];
        parts.uncounted.iter().for_each(|place| answers[*place] = true);
        let lent = match lender {
            Some(fallback) => parts.release_lent(fallback, leases, &mut answers).await,
            None => Ok(()),
        };
        // Whatever became of those in the fallback: the store's own aren't kept for it.
        if !parts.store.is_empty() {
            parts.store.tell(&self.release_in_store(parts.store.leases()).await?, &mut answers)?;
        }
        lent.map(|()| answers)
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        match self.store.in_use(key).await {
            Err(error) if is_unavailable(&error) => self.informant(error)?.in_use(key).await,
            answer => answer,
        }
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        match self.store.leases(key).await {
            Err(error) if is_unavailable(&error) => self.informant(error)?.leases(key).await,
            answer => answer,
        }
    }
}

fn renamed(request: &LeaseRequest, grantor: Grantor) -> Option<LeaseRequest> {
    grantor.name(request.id()).map(|id| request.clone().with_id(id))
}

/// The store would grant it, and then take it away by the release that is on its way.
fn release_waits(request: &LeaseRequest) -> Error {
    let message = format!("the release of lease {} couldn't be sent yet; ask under another id", request.id());
    Error::new(ErrorKind::Unavailable, message).with_operation("acquire")
}
