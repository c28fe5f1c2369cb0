//! Quotas when the store is unavailable.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::algorithm::SETTLED_MEMORY_MS;
use limiter_core::{
    Error, ErrorKind, Key, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation, ReservationId,
    Reserved, Result, Settlement, Source, check_amount,
};
use tokio::time::Instant;

use super::choice::Instead;
use super::failure::{both, is_unavailable, may_be_done};
use super::queue::Queue;
use super::remembered::Remembered;
use super::settle::Settle;
use super::tally::Tally;
use super::uncertain::Uncertain;
use super::uncounted;

/// What is done with a settle that couldn't be sent.
const QUEUE: &str = "queue";
const REFUSE: &str = "refuse";
const SETTLED_MEMORY: Duration = Duration::from_millis(SETTLED_MEMORY_MS);

/// The quotas of a backend, and what answers in their place.
#[derive(Debug)]
pub(super) struct Quotas {
    store: Arc<dyn QuotaTracker>,
    instead: Instead<dyn QuotaTracker>,
    settlements: Arc<Queue<Settle>>,
    /// Reservations that the fallback was asked for: it settles them too.
    lent: Remembered,
    /// Settles that callers may repeat.
    uncertain: Uncertain,
    tally: Tally,
}

impl Quotas {
    pub(super) fn new(
        store: Arc<dyn QuotaTracker>,
        instead: Instead<dyn QuotaTracker>,
        settlements: Arc<Queue<Settle>>,
        most: usize,
    ) -> Self {
        let (lent, uncertain) = (Remembered::new(most), Uncertain::new(most));
        Self { store, instead, settlements, lent, uncertain, tally: Tally::new("quotas") }
    }

    /// The fallback, if this reservation is its own.
    fn lender(&self, id: &ReservationId) -> Option<&dyn QuotaTracker> {
        match &self.instead {
            Instead::Fallback(fallback) if self.lent.contains(id) => Some(&**fallback),
            _ => None,
        }
    }

    async fn record_instead(
        &self,
        key: &Key,
        quota: &Quota,
        amount: u64,
        error: Error,
    ) -> Result<QuotaOutcome> {
        check_amount("amount", amount).map_err(|error| error.with_operation("record"))?;
        // It carries no id. Where it may have been counted, only the caller can tell what to do.
        if error.may_have_charged() {
            self.tally.count(REFUSE, &error);
            return Err(error);
        }
        self.tally.count(self.instead.as_str(), &error);
        match &self.instead {
            Instead::Refuse => Err(error),
            Instead::Allow => self.record_later(key, quota, amount, error),
            Instead::Fallback(fallback) => match fallback.record(key, quota, amount).await {
                Ok(outcome) => Ok(of_fallback(outcome)),
                Err(own) => Err(both(own, &error)),
            },
        }
    }

    /// A settle under a new id counts the same, and can be repeated.
    fn record_later(&self, key: &Key, quota: &Quota, amount: u64, error: Error) -> Result<QuotaOutcome> {
        if amount > 0 {
            let charge = QuotaCharge::new(key.clone(), *quota, amount);
            let settlement = Settlement::new(ReservationId::random()?, [charge])?;
            self.settlements.push(&[Settle::unsent(settlement)], error)?;
        }
        Ok(uncounted::unused(quota))
    }

    async fn reserve_instead(&self, reservation: &Reservation, error: Error) -> Result<Reserved> {
        match &self.instead {
            Instead::Refuse => {
                self.tally.count(REFUSE, &error);
                Err(error)
            }
            Instead::Allow => {
                self.tally.count(self.instead.as_str(), &error);
                Ok(uncounted::reserved(reservation))
            }
            Instead::Fallback(fallback) => {
                let given_back = may_be_done(&error);
                let error = self.hand_over(reservation, error)?;
                let answer = self.borrow(&**fallback, reservation, &error).await;
                if !given_back && !matches!(answer, Ok(Reserved::Granted(_))) {
                    self.lent.forget(reservation.id());
                }
                answer
            }
        }
    }

    /// From now on the reservation is the fallback's. What the store may have granted under its id is given back there,
    /// so that it isn't set aside in both.
    fn hand_over(&self, reservation: &Reservation, error: Error) -> Result<Error> {
        let ttl = Duration::from_millis(reservation.ttl_ms());
        // Late settles count too, and the store remembers a cancellation for as long.
        if !self.lent.keep(reservation.id(), Instant::now() + ttl + SETTLED_MEMORY) {
            let message =
                format!("the store failed, and {} reservations are in the fallback", self.lent.most());
            return Err(Error::new(error.kind(), message).with_operation("reserve").with_source(error));
        }
        if !may_be_done(&error) {
            return Ok(error);
        }
        let queued = self.settlements.push(&[Settle::cancelling(reservation)], error);
        queued.inspect_err(|_| self.lent.forget(reservation.id()))
    }

    async fn borrow(
        &self,
        fallback: &dyn QuotaTracker,
        reservation: &Reservation,
        error: &Error,
    ) -> Result<Reserved> {
        self.tally.count(self.instead.as_str(), error);
        match fallback.reserve(reservation).await {
            Ok(Reserved::Granted(outcomes)) => Ok(Reserved::Granted(all_of_fallback(outcomes))),
            Ok(Reserved::Refused(outcomes)) => Ok(Reserved::Refused(all_of_fallback(outcomes))),
            Err(own) => Err(both(own, error)),
        }
    }

    /// Whether it waits for all its counters. An id may be settled counter by counter.
    fn waits(&self, settlement: &Settlement) -> bool {
        self.settlements.contains(settlement.id())
            && self.settlements.covers(&Settle::unsent(settlement.clone()))
    }

    fn settle_later(
        &self,
        settlement: &Settlement,
        sent: Instant,
        error: Error,
    ) -> Result<Vec<QuotaOutcome>> {
        self.tally.count(QUEUE, &error);
        let settle = Settle::failed(settlement.clone(), sent, &error);
        self.settlements.push(&self.uncertain.parts(settle), error)?;
        // Another call of the same may have ended meanwhile.
        for known in self.uncertain.of(settlement.id()) {
            self.settlements.tell(&known);
        }
        Ok(told_later(settlement))
    }
}

#[async_trait]
impl QuotaTracker for Quotas {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let error = match self.store.check(key, quota).await {
            Err(error) if is_unavailable(&error) => error,
            answer => return answer,
        };
        self.tally.count(self.instead.as_str(), &error);
        match &self.instead {
            Instead::Refuse => Err(error),
            Instead::Allow => Ok(uncounted::check(quota)),
            Instead::Fallback(fallback) => match fallback.check(key, quota).await {
                Ok(outcome) => Ok(of_fallback(outcome)),
                Err(own) => Err(both(own, &error)),
            },
        }
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        match self.store.record(key, quota, amount).await {
            Err(error) if is_unavailable(&error) => self.record_instead(key, quota, amount, error).await,
            answer => answer,
        }
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        if let Some(fallback) = self.lender(reservation.id()) {
            return self.borrow(fallback, reservation, &is_lent(reservation)).await;
        }
        if self.settlements.contains(reservation.id()) {
            return Err(settle_waits(reservation));
        }
        match self.store.reserve(reservation).await {
            Err(error) if is_unavailable(&error) => self.reserve_instead(reservation, error).await,
            answer => answer,
        }
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        if let Some(fallback) = self.lender(settlement.id()) {
            // A repeated one must find it there for as long as the fallback knows it again.
            let _known = self.lent.keep(settlement.id(), Instant::now() + SETTLED_MEMORY);
            return fallback.settle(settlement).await.map(all_of_fallback);
        }
        if self.waits(settlement) {
            return Ok(told_later(settlement));
        }
        let attempt = self.uncertain.attempt(settlement, &self.settlements);
        let sent = attempt.sent;
        let answer = self.store.settle(settlement).await;
        attempt.end(&answer);
        match answer {
            Err(error) if is_unavailable(&error) => self.settle_later(settlement, sent, error),
            answer => answer,
        }
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        let reset = self.store.reset(key, quota).await;
        if let Err(error) = &reset
            && is_unavailable(error)
        {
            self.tally.count(REFUSE, error);
        }
        match (reset, &self.instead) {
            (Ok(()), Instead::Fallback(fallback)) => fallback.reset(key, quota).await,
            (reset, _) => reset,
        }
    }
}

fn of_fallback(outcome: QuotaOutcome) -> QuotaOutcome {
    QuotaOutcome { source: Source::Fallback, ..outcome }
}

fn all_of_fallback(outcomes: Vec<QuotaOutcome>) -> Vec<QuotaOutcome> {
    outcomes.into_iter().map(of_fallback).collect()
}

fn told_later(settlement: &Settlement) -> Vec<QuotaOutcome> {
    settlement.charges().iter().map(|charge| uncounted::unused(charge.quota())).collect()
}

fn is_lent(reservation: &Reservation) -> Error {
    let message = format!("reservation {} is in the fallback", reservation.id());
    Error::new(ErrorKind::Unavailable, message).with_operation("reserve")
}

fn settle_waits(reservation: &Reservation) -> Error {
    let message = format!("reservation {} was settled; the store will be told", reservation.id());
    Error::new(ErrorKind::Conflict, message).with_operation("reserve")
}
