//! Backends on a clock of their own, each with one fault that shows only as time passes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Backend, Charge, Decision, HeldLease, Key, Lease, LeaseRequest, Limit, Outcome, Quota,
    QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved, Result, Retry, Settlement,
    SlotLimiter, Source, SystemClock,
};
use limiter_testkit::{Candidate, Model};

use crate::found::told_in_real_time;

/// Waits are told in steps of 10 ms.
#[derive(Debug)]
struct CoarseWaits(Model);

fn coarse(decision: &Decision) -> Decision {
    let outcome = |outcome: &Outcome| match outcome.retry_after() {
        Some(Retry::After(wait)) => {
            let (reset_ms, wait_ms) =
                (outcome.reset_after().as_millis(), wait.as_millis().next_multiple_of(10));
            let [reset_ms, wait_ms] = [reset_ms, wait_ms].map(|ms| u64::try_from(ms).unwrap());
            let told = Outcome::refused(outcome.charge(), outcome.remaining(), reset_ms, Some(wait_ms));
            outcome.charged_at_ms().map_or(told, |charged_at_ms| told.charged_at(charged_at_ms))
        }
        _ => *outcome,
    };
    Decision::new(Source::Store, decision.outcomes().iter().map(outcome))
}

#[async_trait]
impl RateLimiter for CoarseWaits {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        Ok(coarse(&self.0.hit(charges).await?))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        Ok(coarse(&self.0.peek(charges).await?))
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.0.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&self.0, key, limit).await
    }
}

/// A refund counts whenever it comes.
#[derive(Debug)]
struct LateRefunds(Model);

#[async_trait]
impl RateLimiter for LateRefunds {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.0.hit(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.0.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        use limiter_core::Clock as _;
        let mut late = Receipt::new(receipt.source());
        for line in receipt.lines() {
            late.add(&line.charge(), SystemClock::default().now_ms().max(line.charged_at_ms()))?;
        }
        self.0.refund(late).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&self.0, key, limit).await
    }
}

/// Leases that ran out are still counted for a while.
#[derive(Debug)]
struct LateSweep(Model);

const LATE_MS: u64 = 20;

fn late(ttl_ms: u64) -> Duration {
    Duration::from_millis(ttl_ms + LATE_MS)
}

#[async_trait]
impl SlotLimiter for LateSweep {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let late =
            LeaseRequest::new(request.scopes(), late(request.ttl_ms()))?.with_permits(request.permits())?;
        let mut acquisition = self.0.acquire(&late.with_id(request.id().clone())).await?;
        if let Acquisition::Acquired(acquired) = &mut acquisition {
            acquired.lease = request.lease();
        }
        Ok(acquisition)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let late = |lease: &Lease| Lease::new(lease.id().clone(), lease.keys(), late(lease.ttl_ms()));
        self.0.renew(&leases.iter().map(late).collect::<Result<Vec<_>>>()?).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.0.release(leases).await
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.0.in_use(key).await
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let mut leases = self.0.leases(key).await?;
        for lease in &mut leases {
            lease.expires_ms -= LATE_MS;
        }
        Ok(leases)
    }
}

/// Reservations are held half as long again.
#[derive(Debug)]
struct LongReservations(Model);

#[async_trait]
impl QuotaTracker for LongReservations {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.0.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.0.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let ttl = Duration::from_millis(reservation.ttl_ms() * 3 / 2);
        self.0.reserve(&Reservation::new(reservation.charges(), ttl)?.with_id(reservation.id().clone())).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        self.0.settle(settlement).await
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        QuotaTracker::reset(&self.0, key, quota).await
    }
}

fn model() -> Model {
    Model::new(SystemClock::default())
}

/// One sequence lasts two seconds, and on a busy machine it may pass a fault by: some of a few finds it.
#[track_caller]
fn found(group: &str, wrong: impl Fn(Backend) -> Backend) {
    let make = || Candidate::new(wrong(Backend::new("wrong", Arc::new(model()))));
    let told = (0..6).find_map(|_| told_in_real_time(group, "calls_in_real_time_are_answered_exactly", make));
    let told = told.expect("the fault wasn't found");
    assert!(told.contains("at no millisecond between the two times"), "{told}");
}

#[test]
fn coarse_waits_are_found() {
    found("rate_sequences", |backend| backend.with_rates(Arc::new(CoarseWaits(model()))));
}

#[test]
fn late_refunds_are_found() {
    found("rate_sequences", |backend| backend.with_rates(Arc::new(LateRefunds(model()))));
}

#[test]
fn a_late_sweep_is_found() {
    found("slot_sequences", |backend| backend.with_slots(Arc::new(LateSweep(model()))));
}

#[test]
fn long_reservations_are_found() {
    found("quota_sequences", |backend| backend.with_quotas(Arc::new(LongReservations(model()))));
}
