//! A settlement that is to be sent when the store is back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::algorithm::SETTLED_MEMORY_MS;
use limiter_core::{Error, QuotaTracker, Reservation, ReservationId, Result, Settlement};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::errand::Errand;

/// Less than a store remembers a settled id by: its clock may be a minute ahead of the time that it counts in.
const REPEATABLE: Duration = Duration::from_millis(SETTLED_MEMORY_MS - 60_000);

/// A settle that couldn't be sent.
///
/// It waits for as long as the outage lasts, unless it may have been executed: then for as long as the store would know
/// it again. Sent after that, it could count twice.
#[derive(Clone, Debug)]
pub(super) struct Settle {
    settlement: Settlement,
    ends: Option<Instant>,
}

impl Settle {
    /// A settle that has never been sent.
    pub(super) const fn unsent(settlement: Settlement) -> Self {
        Self { settlement, ends: None }
    }

    /// A settle that was sent then, and failed.
    pub(super) fn failed(settlement: Settlement, sent: Instant, error: &Error) -> Self {
        let mut settle = Self::unsent(settlement);
        if error.may_have_charged() {
            settle.unanswered(sent);
        }
        settle
    }

    /// What gives back a reservation that may have been granted. Its TTL does so in any case.
    pub(super) fn cancelling(reservation: &Reservation) -> Self {
        let ends = Instant::now() + Duration::from_millis(reservation.ttl_ms());
        Self { settlement: reservation.cancellation(), ends: Some(ends) }
    }

    fn units(&self) -> u64 {
        self.settlement.charges().iter().map(limiter_core::QuotaCharge::amount).fold(0, u64::saturating_add)
    }
}

#[async_trait]
impl Errand for Settle {
    type Id = ReservationId;
    type Store = dyn QuotaTracker;

    const PART: &'static str = "quotas";
    const IN_ONE_CALL: usize = 1;
    const CALLS: usize = 16;

    fn id(&self) -> &ReservationId {
        self.settlement.id()
    }

    fn ends(&self) -> Option<Instant> {
        self.ends
    }

    fn unanswered(&mut self, sent: Instant) {
        if self.units() > 0 {
            self.ends.get_or_insert(sent + REPEATABLE);
        }
    }

    fn dropped(&self, why: &str) -> bool {
        let (id, units) = (self.settlement.id(), self.units());
        let space = self.settlement.charges().first().map_or("", |charge| charge.key().space());
        if units == 0 {
            debug!(reservation = %id, space, why, "a cancellation isn't sent: the reservation is left to its TTL");
            return false;
        }
        warn!(reservation = %id, space, units, why, "a settlement is given up");
        true
    }

    async fn send(errands: Vec<Self>, store: Arc<dyn QuotaTracker>) -> Result<()> {
        for settle in &errands {
            let _outcomes = store.settle(&settle.settlement).await?;
        }
        Ok(())
    }
}
