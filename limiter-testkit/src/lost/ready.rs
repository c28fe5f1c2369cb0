//! A call that is ready to be made, and how the store has to look after it.

use std::time::Duration;

use limiter_core::{
    Backend, Charge, EXACT, Key, LeaseRequest, Limit, Period, Quota, QuotaCharge, Receipt, Reservation,
    Result, Scope,
};

use super::Operation;
use crate::broken::{Broken, Kept};

const TTL: Duration = Duration::from_secs(60);
const MAX: u64 = 1_000;
/// So long that no window turns while a test runs.
const LONG: Duration = Duration::from_secs(366 * 86_400);

/// A call that is ready to be made, over three keys where it may have so many.
#[derive(Debug)]
pub struct Ready {
    operation: Operation,
    keys: [Key; 3],
    limits: [Limit; 3],
    lease: LeaseRequest,
    reservation: Reservation,
    quota: Quota,
    receipt: Option<Receipt>,
    /// When its leases ran out before it.
    expired_ms: Vec<u64>,
}

impl Ready {
    /// Prepares a call through a backend that answers, on keys that nobody has used.
    ///
    /// # Errors
    /// As the calls that prepare it.
    pub async fn new(operation: Operation, keys: [Key; 3], direct: &Backend) -> Kept<Self> {
        let limits = [
            Limit::sliding_window(MAX, LONG)?,
            Limit::sliding_log(MAX, LONG)?,
            Limit::token_bucket(MAX, LONG)?,
        ];
        let quota = Quota::new(EXACT, Period::Year)?;
        let scopes = keys.clone().map(|key| Scope::new(key, MAX));
        let charges = keys.clone().map(|key| QuotaCharge::new(key, quota, 5));
        let (lease, reservation) = (LeaseRequest::new(scopes, TTL)?, Reservation::new(charges, TTL)?);
        let (receipt, expired_ms) = (None, Vec::new());
        let mut ready = Self { operation, keys, limits, lease, reservation, quota, receipt, expired_ms };
        ready.prepare(direct).await?;
        Ok(ready)
    }

    /// Makes the call.
    ///
    /// # Errors
    /// The call's own.
    pub async fn make(&mut self, backend: &Backend) -> Result<()> {
        let Backend { rates, slots, quotas, .. } = backend;
        match self.operation {
            Operation::HitOne | Operation::HitThree => rates.hit(&self.charges()).await.map(drop),
            Operation::Refund => match self.receipt.take() {
                Some(receipt) => rates.refund(receipt).await,
                None => Ok(()),
            },
            Operation::Record => quotas.record(&self.keys[0], &self.quota, 5).await.map(drop),
            Operation::Acquire => slots.acquire(&self.lease).await.map(drop),
            Operation::Renew => slots.renew(&[self.lease.lease()]).await.map(drop),
            Operation::Release => slots.release(&[self.lease.lease()]).await.map(drop),
            Operation::Reserve => quotas.reserve(&self.reservation).await.map(drop),
            Operation::Settle => quotas.settle(&self.reservation.settlement(&[7, 7, 7])?).await.map(drop),
        }
    }

    /// Makes the call through a backend that doesn't get the answer.
    ///
    /// # Errors
    /// It was answered, or its error doesn't tell that it may have been executed.
    pub async fn lose(&mut self, lossy: &Backend) -> Kept {
        match self.make(lossy).await {
            Err(error) if error.may_have_charged() => Ok(()),
            Err(error) => Err(self.broken("an error that says it may have been executed", &error)),
            Ok(()) => Err(self.broken("an error, since the answer was lost", &"an answer")),
        }
    }

    /// Holds the store to what it has to look like after the call was executed once.
    ///
    /// # Errors
    /// It was executed otherwise.
    pub async fn was_executed_once(&self, direct: &Backend) -> Kept {
        let hits = matches!(self.operation, Operation::HitOne | Operation::HitThree | Operation::Refund);
        for charge in self.charges() {
            let peeked = direct.rates.peek(&[charge]).await?;
            let left = peeked.outcomes().first().map(limiter_core::Outcome::remaining);
            self.expect("remaining", &Some(MAX - u64::from(hits)), &left)?;
        }
        for (place, key) in self.keys.iter().enumerate() {
            let told = direct.quotas.check(key, &self.quota).await?;
            let used = match self.operation {
                Operation::Record if place == 0 => 5,
                Operation::Settle => 7,
                _ => 0,
            };
            let reserved = if self.operation == Operation::Reserve { 5 } else { 0 };
            self.expect("used and reserved", &(used, reserved), &(told.used, told.reserved))?;
            self.leases_are_right(key, direct).await?;
        }
        Ok(())
    }

    async fn leases_are_right(&self, key: &Key, direct: &Backend) -> Kept {
        let leases = direct.slots.leases(key).await?;
        let wanted = matches!(self.operation, Operation::Acquire | Operation::Renew);
        self.expect("leases", &usize::from(wanted), &leases.len())?;
        self.expect("permits in use", &u64::from(wanted), &direct.slots.in_use(key).await?)?;
        if self.operation == Operation::Renew {
            let later =
                leases.iter().all(|lease| self.expired_ms.iter().all(|before| lease.expires_ms > *before));
            self.expect("whether the lease runs longer", &true, &later)?;
        }
        Ok(())
    }

    async fn prepare(&mut self, direct: &Backend) -> Kept {
        match self.operation {
            Operation::Refund => {
                let charges = self.charges();
                // A second hit: what is given back twice shows.
                let _ = direct.rates.hit(&charges).await?;
                let receipt = direct.rates.hit(&charges).await?.into_receipt(&charges)?;
                self.receipt = Some(receipt);
            }
            Operation::Renew | Operation::Release => {
                // A short life, so that it shows when it is renewed for longer.
                let scopes = self.lease.scopes().to_vec();
                let brief = LeaseRequest::new(scopes, TTL / 2)?.with_id(self.lease.id().clone());
                let _ = direct.slots.acquire(&brief).await?;
                let leases = direct.slots.leases(&self.keys[0]).await?;
                self.expired_ms = leases.iter().map(|lease| lease.expires_ms + 1_000).collect();
            }
            Operation::Settle => {
                let _ = direct.quotas.reserve(&self.reservation).await?;
            }
            _ => {}
        }
        Ok(())
    }

    fn charges(&self) -> Vec<Charge<'_>> {
        let count = if self.operation == Operation::HitOne { 1 } else { 3 };
        self.keys.iter().zip(&self.limits).map(|(key, limit)| Charge::new(key, limit)).take(count).collect()
    }

    fn expect<T: PartialEq + std::fmt::Debug>(&self, what: &str, wanted: &T, got: &T) -> Kept {
        if wanted == got {
            return Ok(());
        }
        Err(self.broken(&format!("{what}: {wanted:?}"), &format!("{got:?}")))
    }

    fn broken(&self, wanted: &str, got: &dyn std::fmt::Display) -> Broken {
        let promise = "what was asked is done once, also where the answer is lost";
        Broken::new(promise, format!("{:?}", self.operation), wanted, got)
    }
}
