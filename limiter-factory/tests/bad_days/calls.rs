//! Every operation once, and what came of it.

use std::time::Duration;

use limiter_factory::{
    Charge, Error, Key, Lease, LeaseRequest, Limiters, Period, Quota, QuotaCharge, QuotaTracker, RateLimiter,
    Reservation, Result, Scope, SlotLimiter, Source, limit,
};
use tokio::time::Instant;

/// What is asked of a store that has something of each.
pub(crate) struct Calls {
    limiters: Limiters,
    lease: Lease,
    reservation: Reservation,
}

/// What came of one operation.
pub(crate) struct Came {
    pub(crate) operation: &'static str,
    pub(crate) took: Duration,
    /// Where the answer comes from, where it tells.
    pub(crate) answer: Result<Option<Source>>,
}

impl Came {
    pub(crate) fn error(&self) -> Option<&Error> {
        self.answer.as_ref().err()
    }

    /// Whether the operation changes something in the store.
    pub(crate) fn changes(&self) -> bool {
        !matches!(self.operation, "peek" | "check" | "in_use" | "leases")
    }
}

pub(crate) fn key(subject: &str) -> Key {
    Key::new("bad-days", subject).unwrap()
}

pub(crate) fn daily(max: u64) -> Quota {
    Quota::new(max, Period::Year).unwrap()
}

pub(crate) fn reservation(subject: &str, amount: u64) -> Reservation {
    let charge = QuotaCharge::new(key(subject), daily(1_000_000), amount);
    Reservation::new([charge], Duration::from_secs(600)).unwrap()
}

pub(crate) fn request(subject: &str, cap: u64) -> LeaseRequest {
    LeaseRequest::new([Scope::new(key(subject), cap)], Duration::from_secs(600)).unwrap()
}

impl Calls {
    /// Takes a lease and a reservation while the store is well.
    pub(crate) async fn prepare(limiters: &Limiters) -> Self {
        let request = request("u1", 5);
        assert!(limiters.backend().slots.acquire(&request).await.unwrap().is_acquired());
        let reservation = reservation("u1", 5);
        assert!(limiters.quotas().reserve(&reservation).await.unwrap().is_granted());
        Self { limiters: limiters.clone(), lease: request.lease(), reservation }
    }

    /// Makes each call once, one after the other.
    pub(crate) async fn make(&self) -> Vec<Came> {
        let backend = self.limiters.backend();
        let (rates, slots, quotas) = (&backend.rates, &backend.slots, &backend.quotas);
        let (user, limit, quota) = (key("u1"), limit!("5/min"), daily(1_000_000));
        let charges = [Charge::new(&user, &limit)];
        let leases = std::slice::from_ref(&self.lease);
        let settlement = self.reservation.settlement(&[3]).unwrap();
        let (request, reservation) = (request("u2", 5), reservation("u2", 5));
        vec![
            came("hit", rates.hit(&charges), |decision| Some(decision.source())).await,
            came("peek", rates.peek(&charges), |decision| Some(decision.source())).await,
            came("acquire", slots.acquire(&request), |acquisition| Some(acquisition.source())).await,
            came("renew", slots.renew(leases), |_| None).await,
            came("in_use", slots.in_use(&user), |_| None).await,
            came("leases", slots.leases(&user), |_| None).await,
            came("release", slots.release(leases), |_| None).await,
            came("check", quotas.check(&user, &quota), |outcome| Some(outcome.source)).await,
            came("record", quotas.record(&user, &quota, 2), |outcome| Some(outcome.source)).await,
            came("reserve", quotas.reserve(&reservation), |reserved| Some(reserved.outcomes()[0].source))
                .await,
            came("settle", quotas.settle(&settlement), |outcomes| Some(outcomes[0].source)).await,
        ]
    }
}

async fn came<T>(
    operation: &'static str,
    call: impl Future<Output = Result<T>>,
    source: impl Fn(&T) -> Option<Source>,
) -> Came {
    let begun = Instant::now();
    let answer = call.await;
    let took = begun.elapsed();
    Came { operation, took, answer: answer.map(|answer| source(&answer)) }
}
