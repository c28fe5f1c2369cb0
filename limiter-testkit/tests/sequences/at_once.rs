//! Backends that are right as long as one call comes after the other.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{
    Acquisition, Algorithm, Charge, Clock, Decision, EXACT, HeldLease, Key, Lease, LeaseRequest, Limit,
    ManualClock, Quota, QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, ReservationId,
    Reserved, Result, Scope, Settlement, SlotLimiter, check_charges,
};
use limiter_testkit::{Candidate, Model};
use tokio::task::yield_now;

use crate::found::{candidate, told};

type Counters = HashMap<(Key, Algorithm, u64), AnyCounter>;

/// Counters that are read, judged and written back, with a pause between.
#[derive(Debug)]
struct ReadThenWrite {
    clock: ManualClock,
    counters: Mutex<Counters>,
}

fn place(charge: &Charge<'_>) -> (Key, Algorithm, u64) {
    (charge.key().clone(), charge.limit().algorithm(), charge.limit().window_ms())
}

impl ReadThenWrite {
    fn read(&self, charges: &[Charge<'_>]) -> Vec<AnyCounter> {
        let counters = self.counters.lock().unwrap();
        let new = |charge: &Charge<'_>| AnyCounter::new(charge.limit().algorithm());
        charges
            .iter()
            .map(|charge| counters.get(&place(charge)).cloned().unwrap_or_else(|| new(charge)))
            .collect()
    }
}

#[async_trait]
impl RateLimiter for ReadThenWrite {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges)?;
        let mut counters = self.read(charges);
        yield_now().await;
        let decision = AnyCounter::hit(&mut counters, charges, self.clock.now_ms());
        for (outcome, counter) in decision.outcomes().iter().zip(counters) {
            if outcome.charged_at_ms().is_some() {
                self.counters.lock().unwrap().insert(place(&charges[outcome.charge()]), counter);
            }
        }
        Ok(decision)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        Ok(AnyCounter::peek(&mut self.read(charges), charges, self.clock.now_ms()))
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        for line in receipt.lines() {
            let charge = line.charge();
            let mut counter = self.read(&[charge]).remove(0);
            if counter.refund(&charge, line.charged_at_ms(), self.clock.now_ms()) {
                self.counters.lock().unwrap().insert(place(&charge), counter);
            }
        }
        Ok(())
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.counters.lock().unwrap().remove(&place(&Charge::new(key, limit)));
        Ok(())
    }
}

/// Peeks are answered by a copy that follows a little later.
#[derive(Debug)]
struct StaleCopy {
    first: Model,
    copy: Arc<Model>,
}

#[async_trait]
impl RateLimiter for StaleCopy {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = self.first.hit(charges).await?;
        let copy = Arc::clone(&self.copy);
        let lines: Vec<_> =
            charges.iter().map(|charge| (charge.key().clone(), *charge.limit(), charge.cost())).collect();
        tokio::spawn(async move {
            yield_now().await;
            let charges: Vec<_> =
                lines.iter().map(|(key, limit, cost)| Charge::new(key, limit).with_cost(*cost)).collect();
            copy.hit(&charges).await.map(drop)
        });
        Ok(decision)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.copy.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let mut again = Receipt::new(receipt.source());
        for line in receipt.lines() {
            again.add(&line.charge(), line.charged_at_ms())?;
        }
        self.copy.refund(again).await?;
        self.first.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&*self.copy, key, limit).await?;
        RateLimiter::reset(&self.first, key, limit).await
    }
}

/// Looks whether there is room, and then takes it.
#[derive(Debug)]
struct LookThenTake(Model);

#[async_trait]
impl SlotLimiter for LookThenTake {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let scope = &request.scopes()[0];
        let held = self.0.leases(scope.key()).await?;
        let is_held = held.iter().any(|lease| lease.id == *request.id());
        let in_use: u64 = held.iter().map(|lease| lease.permits).sum();
        yield_now().await;
        if is_held || in_use + request.permits() > scope.cap() {
            return self.0.acquire(request).await;
        }
        let ttl = std::time::Duration::from_millis(request.ttl_ms());
        let roomy = LeaseRequest::new([Scope::new(scope.key().clone(), EXACT)], ttl)?;
        self.0.acquire(&roomy.with_permits(request.permits())?.with_id(request.id().clone())).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.0.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.0.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.0.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.0.leases(key).await
    }
}

/// Takes away what is held, and then counts what was used.
#[derive(Debug)]
struct SettleInTwoSteps {
    model: Model,
    settled: Mutex<HashSet<(ReservationId, Key, i16)>>,
}

#[async_trait]
impl QuotaTracker for SettleInTwoSteps {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.model.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.model.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.model.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let [charge] = settlement.charges() else {
            return self.model.settle(settlement).await;
        };
        let (key, quota) = (charge.key(), charge.quota());
        let id = (settlement.id().clone(), key.clone(), quota.utc_offset_minutes());
        if !self.settled.lock().unwrap().insert(id) {
            return self.model.settle(settlement).await;
        }
        let nothing = limiter_core::QuotaCharge::new(key.clone(), *quota, 0);
        self.model.settle(&Settlement::new(settlement.id().clone(), [nothing])?).await?;
        yield_now().await;
        Ok(vec![self.model.record(key, quota, charge.amount()).await?])
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.settled
            .lock()
            .unwrap()
            .retain(|(_, of, offset)| of != key || *offset != quota.utc_offset_minutes());
        QuotaTracker::reset(&self.model, key, quota).await
    }
}

#[track_caller]
fn unexplained(group: &str, make: impl Fn() -> Candidate) {
    let told = told(group, "calls_at_once_happen_one_after_the_other", make);
    assert!(told.contains("no order of these calls"), "{told}");
}

#[test]
fn counters_read_and_then_written_are_found() {
    unexplained("rate_sequences", || {
        candidate(|backend, clock| {
            backend.with_rates(Arc::new(ReadThenWrite { clock, counters: Mutex::default() }))
        })
    });
}

#[test]
fn peeks_at_a_stale_copy_are_found() {
    unexplained("rate_sequences", || {
        candidate(|backend, clock| {
            let (first, copy) = (Model::new(clock.clone()), Arc::new(Model::new(clock)));
            backend.with_rates(Arc::new(StaleCopy { first, copy }))
        })
    });
}

#[test]
fn slots_looked_at_and_then_taken_are_found() {
    unexplained("slot_sequences", || {
        candidate(|backend, clock| backend.with_slots(Arc::new(LookThenTake(Model::new(clock)))))
    });
}

#[test]
fn a_settle_in_two_steps_is_found() {
    unexplained("quota_sequences", || {
        candidate(|backend, clock| {
            let wrong = SettleInTwoSteps { model: Model::new(clock), settled: Mutex::default() };
            backend.with_quotas(Arc::new(wrong))
        })
    });
}
