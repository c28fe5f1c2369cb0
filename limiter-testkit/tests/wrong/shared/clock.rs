//! Clients that go by their own clock instead of the store's, each in one part.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Charge, Clock, Decision, HeldLease, Key, Lease, LeaseRequest, Limit, ManualClock,
    Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved, Result, Settlement,
    SlotLimiter,
};
use limiter_testkit::{Candidate, Model};

use super::two_by;
use crate::judge::{START_MS, caught_by};

/// How far the client's clock is ahead.
const AHEAD_MS: u64 = 90_000;

/// The store's clock, as whoever is calling has it.
#[derive(Clone, Debug)]
struct TheCallers(ManualClock, Arc<AtomicU64>);

impl Clock for TheCallers {
    fn now_ms(&self) -> u64 {
        self.0.now_ms() + self.1.load(Ordering::SeqCst)
    }
}

/// Sends its own time with each call.
#[derive(Debug)]
struct Ahead(Arc<Model>, Arc<AtomicU64>);

impl Ahead {
    /// The model's futures never wait, so nobody else calls meanwhile.
    async fn by_own_clock<T>(&self, call: impl Future<Output = T>) -> T {
        self.1.store(AHEAD_MS, Ordering::SeqCst);
        let answer = call.await;
        self.1.store(0, Ordering::SeqCst);
        answer
    }
}

#[async_trait]
impl RateLimiter for Ahead {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.by_own_clock(self.0.hit(charges)).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.by_own_clock(self.0.peek(charges)).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.by_own_clock(self.0.refund(receipt)).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.by_own_clock(RateLimiter::reset(&*self.0, key, limit)).await
    }
}

#[async_trait]
impl SlotLimiter for Ahead {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        self.by_own_clock(self.0.acquire(request)).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.by_own_clock(self.0.renew(leases)).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.by_own_clock(self.0.release(leases)).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.by_own_clock(self.0.in_use(key)).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.by_own_clock(self.0.leases(key)).await
    }
}

#[async_trait]
impl QuotaTracker for Ahead {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.by_own_clock(self.0.check(key, quota)).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.by_own_clock(self.0.record(key, quota, amount)).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.by_own_clock(self.0.reserve(reservation)).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.by_own_clock(self.0.settle(settlement)).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.by_own_clock(QuotaTracker::reset(&*self.0, key, quota)).await
    }
}

/// A second client that is ahead in the part that is put in its place.
fn ahead(part: impl FnOnce(Backend, Arc<Ahead>) -> Backend) -> Candidate {
    let (clock, by) = (ManualClock::new(START_MS), Arc::<AtomicU64>::default());
    let store_clock = TheCallers(clock.clone(), by.clone());
    two_by(clock, store_clock, |first, model| part(first, Arc::new(Ahead(model, by))))
}

#[test]
fn hits_by_the_clients_clock() {
    let broken = caught_by("shared::hits_of_all_clients_go_by_the_stores_clock", || {
        ahead(|first, ahead| first.with_rates(ahead))
    });
    assert_eq!(broken.got(), (START_MS + AHEAD_MS).to_string());
}

#[test]
fn leases_by_the_clients_clock() {
    caught_by("shared::leases_of_all_clients_go_by_the_stores_clock", || {
        ahead(|first, ahead| first.with_slots(ahead))
    });
}

#[test]
fn reservations_by_the_clients_clock() {
    caught_by("shared::reservations_of_all_clients_go_by_the_stores_clock", || {
        ahead(|first, ahead| first.with_quotas(ahead))
    });
}
