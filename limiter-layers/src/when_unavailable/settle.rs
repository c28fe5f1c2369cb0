//! A settlement that is to be sent when the store is back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::algorithm::SETTLED_MEMORY_MS;
use limiter_core::{Error, QuotaCharge, QuotaTracker, Reservation, ReservationId, Result, Settlement};
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
pub(super) struct Settle(Arc<Unsettled>);

#[derive(Debug)]
struct Unsettled {
    settlement: Settlement,
    ends: Mutex<Option<Instant>>,
}

impl Settle {
    /// A settle that has never been sent.
    pub(super) fn unsent(settlement: Settlement) -> Self {
        Self::new(settlement, None)
    }

    /// A settle that was sent then, and failed.
    pub(super) fn failed(settlement: Settlement, sent: Instant, error: &Error) -> Self {
        if error.may_have_charged() { Self::uncertain(settlement, sent) } else { Self::unsent(settlement) }
    }

    /// A settle that was sent then, and may have been executed.
    pub(super) fn uncertain(settlement: Settlement, sent: Instant) -> Self {
        let settle = Self::unsent(settlement);
        settle.unanswered(sent);
        settle
    }

    /// What gives back a reservation that may have been granted. Its TTL does so in any case.
    pub(super) fn cancelling(reservation: &Reservation) -> Self {
        let ends = Instant::now() + Duration::from_millis(reservation.ttl_ms());
        Self::new(reservation.cancellation(), Some(ends))
    }

    fn new(settlement: Settlement, ends: Option<Instant>) -> Self {
        Self(Arc::new(Unsettled { settlement, ends: Mutex::new(ends) }))
    }

    /// What of it another does too, which ends by the sooner of their ends; and the rest of it.
    pub(super) fn split(&self, known: &Self) -> (Option<Self>, Option<Self>) {
        let (both, rest): (Vec<_>, Vec<_>) =
            self.charges().iter().cloned().partition(|charge| known.settles(charge));
        if both.is_empty() {
            return (None, Some(self.clone()));
        }
        let sooner = [self.ends(), known.ends()].into_iter().flatten().min();
        (self.part(both, sooner), self.part(rest, self.ends()))
    }

    /// There is no settlement of nothing.
    fn part(&self, charges: Vec<QuotaCharge>, ends: Option<Instant>) -> Option<Self> {
        let part = Settlement::new(self.id().clone(), charges).ok();
        part.map(|settlement| Self::new(settlement, ends))
    }

    fn charges(&self) -> &[QuotaCharge] {
        self.0.settlement.charges()
    }

    fn units(&self) -> u64 {
        self.charges().iter().map(QuotaCharge::amount).fold(0, u64::saturating_add)
    }

    /// Whether it settles the same counter.
    fn settles(&self, charge: &QuotaCharge) -> bool {
        let same = |own: &QuotaCharge| own.quota().same_counter(charge.quota()) && own.key() == charge.key();
        self.charges().iter().any(same)
    }

    fn end_by(&self, ends: Instant) {
        let mut known = self.lock();
        *known = Some(known.map_or(ends, |known| known.min(ends)));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.ends.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.0.settlement.id()
    }

    fn ends(&self) -> Option<Instant> {
        *self.lock()
    }

    fn unanswered(&self, sent: Instant) {
        if self.units() > 0 {
            self.end_by(sent + REPEATABLE);
        }
    }

    fn rest_of(&self, other: &Self) -> Option<Self> {
        other.split(self).1
    }

    /// For the store they are one.
    fn end_with(&self, other: &Self) {
        if other.charges().iter().any(|charge| self.settles(charge))
            && let Some(ends) = other.ends()
        {
            self.end_by(ends);
        }
    }

    fn dropped(&self, why: &str) -> bool {
        let (id, units) = (self.id(), self.units());
        let space = self.charges().first().map_or("", |charge| charge.key().space());
        if units == 0 {
            debug!(reservation = %id, space, why, "a cancellation isn't sent: the reservation is left to its TTL");
            return false;
        }
        warn!(reservation = %id, space, units, why, "a settlement is given up");
        true
    }

    async fn send(errands: Vec<Self>, store: Arc<dyn QuotaTracker>) -> Result<()> {
        for settle in &errands {
            let _outcomes = store.settle(&settle.0.settlement).await?;
        }
        Ok(())
    }
}
