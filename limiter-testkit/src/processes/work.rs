//! The work that the cases of the suite give to copies of the test program.

use std::time::Duration;

use limiter_core::{
    Charge, Error, ErrorKind, Key, LeaseRequest, Limit, Quota, QuotaCharge, QuotaTracker, RateLimiter,
    Reservation, ReservationId, Result, Scope, SlotLimiter,
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::member::Member;
use crate::candidate::Candidate;

/// Work, and the time at which to do it where the clock is handed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) clock_ms: Option<u64>,
    pub(crate) work: Work,
}

/// What a copy is to do. It tells a number when it is done, and in between where that is said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// The same call so many times, one after the other: tells how many were allowed.
    Hit { charges: Vec<(Key, Limit)>, times: u64 },
    /// So many acquires of one permit: tells how many were granted.
    Acquire { scopes: Vec<(Key, u64)>, ttl_ms: u64, times: u64 },
    /// Acquires a slot, holds it for a moment and releases it, again and again for a time: tells how often it had one.
    Hold { key: Key, cap: u64, ttl_ms: u64, for_ms: u64 },
    /// Reserves that much under each id, then settles one after the other: tells how many are settled after each.
    Reserve { estimate: Estimate, each: Vec<(String, u64)> },
    /// The same without reserving.
    Settle { estimate: Estimate, each: Vec<(String, u64)> },
}

/// What is set aside under each id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Estimate {
    pub(crate) key: Key,
    pub(crate) quota: Quota,
    pub(crate) amount: u64,
    pub(crate) ttl_ms: u64,
}

impl Estimate {
    /// The reservation of that id.
    pub(crate) fn reservation(&self, id: &str) -> Result<Reservation> {
        let charge = QuotaCharge::new(self.key.clone(), self.quota, self.amount);
        let reservation = Reservation::new([charge], Duration::from_millis(self.ttl_ms))?;
        Ok(reservation.with_id(ReservationId::parse(id)?))
    }
}

impl Order {
    /// Does it with a candidate of this process.
    pub(super) async fn follow(self, candidate: &Candidate, member: &Member) -> Result<u64> {
        if let (Some(clock), Some(now_ms)) = (candidate.clock(), self.clock_ms) {
            clock.set_ms(now_ms);
        }
        let backend = candidate.backend();
        match self.work {
            Work::Hit { charges, times } => hit(&*backend.rates, &charges, times).await,
            Work::Acquire { scopes, ttl_ms, times } => acquire(&*backend.slots, &scopes, ttl_ms, times).await,
            Work::Hold { key, cap, ttl_ms, for_ms } => {
                hold(&*backend.slots, Scope::new(key, cap), ttl_ms, Duration::from_millis(for_ms)).await
            }
            Work::Reserve { estimate, each } => {
                reserve(&*backend.quotas, &estimate, &each).await?;
                settle(&*backend.quotas, &estimate, &each, member).await
            }
            Work::Settle { estimate, each } => settle(&*backend.quotas, &estimate, &each, member).await,
        }
    }
}

async fn hit(rates: &dyn RateLimiter, charges: &[(Key, Limit)], times: u64) -> Result<u64> {
    let charges: Vec<_> = charges.iter().map(|(key, limit)| Charge::new(key, limit)).collect();
    let mut allowed = 0;
    for _ in 0..times {
        allowed += u64::from(rates.hit(&charges).await?.is_allowed());
    }
    Ok(allowed)
}

async fn acquire(slots: &dyn SlotLimiter, scopes: &[(Key, u64)], ttl_ms: u64, times: u64) -> Result<u64> {
    let scopes: Vec<_> = scopes.iter().map(|(key, cap)| Scope::new(key.clone(), *cap)).collect();
    let mut granted = 0;
    for _ in 0..times {
        let request = LeaseRequest::new(scopes.clone(), Duration::from_millis(ttl_ms))?;
        granted += u64::from(slots.acquire(&request).await?.is_acquired());
    }
    Ok(granted)
}

async fn hold(slots: &dyn SlotLimiter, scope: Scope, ttl_ms: u64, time: Duration) -> Result<u64> {
    let until = Instant::now() + time;
    let mut had = 0;
    while Instant::now() < until {
        let request = LeaseRequest::new([scope.clone()], Duration::from_millis(ttl_ms))?;
        let acquired = slots.acquire(&request).await?.into_result();
        sleep(Duration::from_millis(1)).await;
        if let Ok(lease) = acquired {
            slots.release(&[lease]).await?;
            had += 1;
        }
    }
    Ok(had)
}

async fn reserve(quotas: &dyn QuotaTracker, estimate: &Estimate, each: &[(String, u64)]) -> Result<()> {
    for (id, _) in each {
        if !quotas.reserve(&estimate.reservation(id)?).await?.is_granted() {
            let text = format!("{} units were refused although they fit", estimate.amount);
            return Err(Error::new(ErrorKind::Protocol, text).with_operation("reserve"));
        }
    }
    Ok(())
}

async fn settle(
    quotas: &dyn QuotaTracker,
    estimate: &Estimate,
    each: &[(String, u64)],
    member: &Member,
) -> Result<u64> {
    let mut settled = 0;
    for (id, actual) in each {
        quotas.settle(&estimate.reservation(id)?.settlement(&[*actual])?).await?;
        settled += 1;
        // When nobody listens any more, this process is about to end.
        member.tell(&settled).ok();
        sleep(Duration::from_millis(2)).await;
    }
    Ok(settled)
}
