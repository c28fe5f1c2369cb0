//! Slots over a store that compares and swaps.

use async_trait::async_trait;

use super::backend::CasBackend;
use super::name::Part;
use super::store::CasStore;
use crate::algorithm::{self, LeaseBook};
use crate::error::Result;
use crate::exact::MAX_PER_CALL;
use crate::key::Key;
use crate::lease::{Acquisition, HeldLease, Lease, LeaseRequest, Scope};
use crate::slot::SlotLimiter;

#[async_trait]
impl<S: CasStore> SlotLimiter for CasBackend<S> {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let keys: Vec<_> = request.scopes().iter().map(Scope::key).collect();
        self.check_keys("acquire", keys.len())?;
        let acquire = |books: &mut [LeaseBook], now_ms| algorithm::acquire(books, request, now_ms);
        self.decide("acquire", Part::Slots, &keys, acquire).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let renew = |books: &mut [LeaseBook], lease: &Lease, now_ms| {
            algorithm::renew(books, lease.id(), lease.ttl_ms(), now_ms)
        };
        self.each("renew", leases, renew).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let release =
            |books: &mut [LeaseBook], lease: &Lease, now_ms| algorithm::release(books, lease.id(), now_ms);
        self.each("release", leases, release).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        let sum = |books: &mut [LeaseBook], now_ms| Ok(books.iter().map(|book| book.in_use(now_ms)).sum());
        self.decide("in_use", Part::Slots, &[key], sum).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let list =
            |books: &mut [LeaseBook], now_ms| Ok(books.iter().flat_map(|book| book.leases(now_ms)).collect());
        self.decide("leases", Part::Slots, &[key], list).await
    }
}

impl<S: CasStore> CasBackend<S> {
    /// Does something to each lease, to as many in one step as keys may stand in one.
    async fn each(
        &self,
        operation: &'static str,
        leases: &[Lease],
        act: fn(&mut [LeaseBook], &Lease, u64) -> bool,
    ) -> Result<Vec<bool>> {
        for lease in leases {
            self.check_keys(operation, lease.keys().len())?;
        }
        let most = if self.store().commits_several() { MAX_PER_CALL } else { 1 };
        let mut live = Vec::with_capacity(leases.len());
        while let Some((keys, some)) = leases.get(live.len()..).and_then(|rest| first_of(rest, most)) {
            let step = |books: &mut [LeaseBook], now_ms| {
                let answers =
                    some.iter().map(|lease| act_on(books, &keys, lease, |books| act(books, lease, now_ms)));
                Ok(answers.collect::<Vec<_>>())
            };
            let answers = self.decide(operation, Part::Slots, &keys, step).await;
            // What came before stays done, and may be done again.
            live.extend(answers.map_err(
                |error| {
                    if live.is_empty() { error } else { error.possibly_charged() }
                },
            )?);
        }
        Ok(live)
    }
}

/// The first leases that have up to `most` keys together, and these keys, each once. At least one lease.
fn first_of(leases: &[Lease], most: usize) -> Option<(Vec<&Key>, &[Lease])> {
    let mut keys = Vec::new();
    let mut count = 0;
    for lease in leases {
        let new: Vec<_> = lease.keys().iter().filter(|key| !keys.contains(key)).collect();
        if count > 0 && keys.len() + new.len() > most {
            break;
        }
        keys.extend(new);
        count += 1;
    }
    (count > 0).then(|| (keys, &leases[..count]))
}

/// Runs something on the books of a lease's keys.
fn act_on<T>(
    books: &mut [LeaseBook],
    keys: &[&Key],
    lease: &Lease,
    act: impl FnOnce(&mut [LeaseBook]) -> T,
) -> T {
    let places: Vec<_> =
        lease.keys().iter().filter_map(|key| keys.iter().position(|other| *other == key)).collect();
    let mut its: Vec<_> = places.iter().map(|place| std::mem::take(&mut books[*place])).collect();
    let answer = act(&mut its);
    for (place, book) in places.into_iter().zip(its) {
        books[place] = book;
    }
    answer
}
