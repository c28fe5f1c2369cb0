//! Quotas: units used in a calendar period, and units set aside for work under way.

use std::time::Duration;

use super::holdings::Holdings;
use crate::error::{Error, ErrorKind, Result};
use crate::exact::{EXACT, effective_ms, later_ms};
use crate::id::ReservationId;
use crate::outcome::{Retry, Source};
use crate::period::Span;
use crate::quota::Quota;
use crate::reservation::{QuotaCharge, QuotaOutcome, Reservation, Reserved, Settlement};

/// How long a settled id is remembered, so that a settle whose answer was lost can be repeated.
pub const SETTLED_MEMORY_MS: u64 = 600_000;

/// The state of one quota counter: a key's, for a period and an offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaCounter {
    /// The start of the period that `used` and `held` belong to.
    pub(crate) start_ms: i64,
    pub(crate) used: u64,
    pub(crate) held: Holdings<ReservationId>,
    pub(crate) settled: Holdings<ReservationId>,
    pub(crate) written_ms: u64,
    pub(crate) end_ms: u64,
}

/// Sets units aside in all counters, or in none. `counters[i]` belongs to charge `i`, and is changed only when
/// granted.
///
/// # Errors
/// [`Conflict`](ErrorKind::Conflict) when the id is held with another amount, or was settled less than ten
/// minutes ago. Nothing changes.
pub fn reserve(counters: &mut [QuotaCounter], reservation: &Reservation, clock_ms: u64) -> Result<Reserved> {
    let charges = reservation.charges();
    let standings: Vec<_> =
        counters.iter().zip(charges).map(|(counter, charge)| counter.at(charge.quota(), clock_ms)).collect();
    let mut outcomes = Vec::with_capacity(charges.len());
    for (standing, charge) in standings.iter().zip(charges) {
        outcomes.push(standing.reserve(reservation.id(), charge)?);
    }
    if !outcomes.iter().all(QuotaOutcome::is_allowed) {
        return Ok(Reserved::Refused(outcomes));
    }
    let times: Vec<_> = standings.iter().map(|standing| (standing.now_ms, standing.span)).collect();
    let granted = counters.iter_mut().zip(charges).zip(times);
    let hold = |((counter, charge), (now_ms, span)): ((&mut QuotaCounter, &QuotaCharge), (u64, Span))| {
        counter.roll(now_ms, span, clock_ms);
        counter.held.put(reservation.id(), charge.amount(), later_ms(now_ms, reservation.ttl_ms()));
        counter.at(charge.quota(), clock_ms).outcome(charge.quota(), None)
    };
    Ok(Reserved::Granted(granted.map(hold).collect()))
}

/// Takes away what is held under the id and adds what was really used, in each counter where the id wasn't
/// settled within the last ten minutes. `counters[i]` belongs to charge `i`.
pub fn settle(counters: &mut [QuotaCounter], settlement: &Settlement, clock_ms: u64) -> Vec<QuotaOutcome> {
    let pairs = counters.iter_mut().zip(settlement.charges());
    pairs.map(|(counter, charge)| counter.settle(settlement.id(), charge, clock_ms)).collect()
}

impl QuotaCounter {
    /// Whether anything is left: allowed while used and reserved together are below `max`. Changes nothing.
    pub fn check(&self, quota: &Quota, clock_ms: u64) -> QuotaOutcome {
        let standing = self.at(quota, clock_ms);
        let retry = if standing.used + standing.reserved < quota.max() {
            None
        } else if quota.max() == 0 {
            Some(Retry::Never)
        } else {
            Some(standing.retry_below(quota.max() - 1))
        };
        standing.outcome(quota, retry)
    }

    /// Adds to what was used, always, past the cap too.
    pub fn record(&mut self, quota: &Quota, amount: u64, clock_ms: u64) -> QuotaOutcome {
        if amount > 0 {
            let standing = self.at(quota, clock_ms);
            let (now_ms, span) = (standing.now_ms, standing.span);
            self.roll(now_ms, span, clock_ms);
            self.used = self.used.saturating_add(amount).min(EXACT);
        }
        self.at(quota, clock_ms).outcome(quota, None)
    }

    /// From when on it is as if never used, as far as the calendar of its last change tells.
    pub fn idle_at_ms(&self) -> u64 {
        let counted_until = if self.used > 0 || self.held.len() > 0 { self.end_ms } else { 0 };
        counted_until.max(self.settled.last_expiry_ms().unwrap_or(0))
    }

    /// Whether it remembers an id, as held or as settled, run out or not.
    pub fn contains(&self, id: &ReservationId) -> bool {
        self.held.contains(id) || self.settled.contains(id)
    }

    /// How many reservations and settled ids it remembers.
    pub fn len(&self) -> usize {
        self.held.len() + self.settled.len()
    }

    /// Whether it remembers no reservation and no settled id.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn settle(&mut self, id: &ReservationId, charge: &QuotaCharge, clock_ms: u64) -> QuotaOutcome {
        let quota = charge.quota();
        let standing = self.at(quota, clock_ms);
        if !standing.is_settled(id) {
            let (now_ms, span) = (standing.now_ms, standing.span);
            self.roll(now_ms, span, clock_ms);
            self.held.remove(id);
            self.used = self.used.saturating_add(charge.amount()).min(EXACT);
            self.settled.put(id, 0, later_ms(now_ms, SETTLED_MEMORY_MS));
        }
        self.at(quota, clock_ms).outcome(quota, None)
    }

    /// How it stands at the effective time, without changing anything.
    fn at(&self, quota: &Quota, clock_ms: u64) -> Standing<'_> {
        let effective = effective_ms(clock_ms, self.written_ms);
        let now_ms = effective.unwrap_or(clock_ms);
        let span = quota.period().span(now_ms, quota.utc_offset_minutes());
        let known = effective.map(|_| self);
        let current = known.filter(|counter| counter.start_ms == span.start_ms);
        let used = current.map_or(0, |counter| counter.used);
        let reserved = current.map_or(0, |counter| counter.held.total(now_ms));
        Standing { now_ms, span, used, reserved, current, known }
    }

    /// Brings the state to the effective time, to be changed.
    fn roll(&mut self, now_ms: u64, span: Span, clock_ms: u64) {
        if effective_ms(clock_ms, self.written_ms).is_none() {
            *self = Self::default();
        }
        if self.start_ms != span.start_ms || self.end_ms == 0 {
            (self.start_ms, self.end_ms, self.used) = (span.start_ms, span.end_ms, 0);
            self.held = Holdings::default();
        }
        self.held.drop_expired(now_ms);
        self.settled.drop_expired(now_ms);
        self.written_ms = now_ms;
    }
}

/// A counter seen at a time.
struct Standing<'a> {
    now_ms: u64,
    span: Span,
    used: u64,
    reserved: u64,
    /// The counter, if what it counts belongs to the current period.
    current: Option<&'a QuotaCounter>,
    /// The counter, unless a wrong clock has written it.
    known: Option<&'a QuotaCounter>,
}

impl Standing<'_> {
    fn is_settled(&self, id: &ReservationId) -> bool {
        self.known.is_some_and(|counter| counter.settled.get(id, self.now_ms).is_some())
    }

    fn reserve(&self, id: &ReservationId, charge: &QuotaCharge) -> Result<QuotaOutcome> {
        let (quota, amount) = (charge.quota(), charge.amount());
        if self.is_settled(id) {
            return Err(conflict(format!("reservation {id} was settled less than ten minutes ago")));
        }
        let held = self.current.and_then(|counter| counter.held.get(id, self.now_ms));
        let retry = match held {
            Some(held) if held.units == amount => None,
            Some(held) => {
                let message = format!("reservation {id} holds {}, asked for again with {amount}", held.units);
                return Err(conflict(message));
            }
            None if amount > quota.max() => Some(Retry::Never),
            None if self.used + self.reserved <= quota.max() - amount => None,
            None => Some(self.retry_below(quota.max() - amount)),
        };
        Ok(self.outcome(quota, retry))
    }

    /// The wait until used and reserved together are at most `most`: until reservations that make room run
    /// out, or the period ends.
    fn retry_below(&self, most: u64) -> Retry {
        let mut reserved = self.reserved;
        let mut at_ms = self.span.end_ms;
        let live = self.current.into_iter().flat_map(|counter| counter.held.live(self.now_ms));
        for (_, held) in live {
            reserved -= held.units;
            if self.used + reserved <= most {
                at_ms = at_ms.min(held.expires_ms);
                break;
            }
        }
        Retry::After(Duration::from_millis(at_ms.saturating_sub(self.now_ms)))
    }

    fn outcome(&self, quota: &Quota, retry_after: Option<Retry>) -> QuotaOutcome {
        QuotaOutcome {
            used: self.used,
            reserved: self.reserved,
            remaining: quota.max().saturating_sub(self.used + self.reserved),
            reset_after: Duration::from_millis(self.span.left_ms(self.now_ms)),
            retry_after,
            source: Source::Store,
        }
    }
}

fn conflict(message: String) -> Error {
    Error::new(ErrorKind::Conflict, message).with_operation("reserve")
}
