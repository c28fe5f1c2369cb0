//! A client of the server: all limiters over connections of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Acquisition, Capabilities, Charge, Control, Decision, HeldLease, Key, Lease, LeaseRequest, Limit, Quota,
    QuotaOutcome, QuotaTracker, RateLimiter, Receipt, Reservation, Reserved, Result, Settlement, SlotLimiter,
    check_amount, check_charges,
};
use tokio::sync::Mutex;

use crate::connections::Connections;
use crate::wire::{self, Answer, Ask};

/// A backend of which the store is a server elsewhere.
#[derive(Debug)]
pub(crate) struct Remote {
    connections: Connections,
    can: Capabilities,
}

impl Remote {
    /// It connects when it is first asked.
    pub(crate) fn new(address: impl Into<String>, timeout: Duration) -> Self {
        let can = Capabilities::NONE.with_atomic_keys().with_durable().with_shared();
        Self { connections: Connections::new(address.into(), timeout), can }
    }

    /// The same, of a store that isn't durable, sending one call at a time among all who have this turn.
    pub(crate) fn in_turn(self, turn: Arc<Mutex<()>>) -> Self {
        let can = Capabilities::NONE.with_atomic_keys().with_shared();
        Self { connections: self.connections.in_turn(turn), can }
    }

    /// A call that changes nothing.
    async fn look(&self, operation: &'static str, ask: &Ask) -> Result<Answer> {
        self.connections.call(ask).await.map_err(|lost| lost.error(operation, false))
    }

    /// A call that may have been executed although no answer came.
    async fn change(&self, operation: &'static str, ask: &Ask) -> Result<Answer> {
        self.connections.call(ask).await.map_err(|lost| lost.error(operation, true))
    }
}

#[async_trait]
impl RateLimiter for Remote {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges).map_err(|error| error.with_operation("hit"))?;
        self.change("hit", &Ask::Hit(wire::lines(charges))).await?.decision()
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges).map_err(|error| error.with_operation("peek"))?;
        self.look("peek", &Ask::Peek(wire::lines(charges))).await?.decision()
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.change("refund", &Ask::Refund(wire::receipt_lines(&receipt))).await?.done()
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.change("reset", &Ask::Reset(key.clone(), *limit)).await?.done()
    }
}

#[async_trait]
impl SlotLimiter for Remote {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let scopes = request.scopes().iter().map(|scope| (scope.key().clone(), scope.cap())).collect();
        let (id, permits, ttl_ms) = (request.id().to_string(), request.permits(), request.ttl_ms());
        self.change("acquire", &Ask::Acquire { id, scopes, permits, ttl_ms }).await?.acquisition(request)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.change("renew", &Ask::Renew(wire::lease_lines(leases))).await?.live()
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        self.change("release", &Ask::Release(wire::lease_lines(leases))).await?.live()
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        self.look("in_use", &Ask::InUse(key.clone())).await?.in_use()
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        self.look("leases", &Ask::Leases(key.clone())).await?.leases()
    }
}

#[async_trait]
impl QuotaTracker for Remote {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.look("check", &Ask::Check(key.clone(), *quota)).await?.quota()
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        check_amount("amount", amount).map_err(|error| error.with_operation("record"))?;
        self.change("record", &Ask::Record(key.clone(), *quota, amount)).await?.quota()
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let charges = wire::quota_lines(reservation.charges());
        let (id, ttl_ms) = (reservation.id().to_string(), reservation.ttl_ms());
        self.change("reserve", &Ask::Reserve { id, charges, ttl_ms }).await?.reserved()
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let charges = wire::quota_lines(settlement.charges());
        self.change("settle", &Ask::Settle { id: settlement.id().to_string(), charges }).await?.quotas()
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.change("reset", &Ask::ResetQuota(key.clone(), *quota)).await?.done()
    }
}

#[async_trait]
impl Control for Remote {
    async fn ping(&self) -> Result<()> {
        self.look("ping", &Ask::Ping).await?.done()
    }

    async fn shutdown(&self) -> Result<()> {
        self.connections.shut();
        Ok(())
    }

    fn describe(&self) -> String {
        format!("remote: the reference behind a server at {}", self.connections.address())
    }

    fn capabilities(&self) -> Capabilities {
        self.can
    }
}
