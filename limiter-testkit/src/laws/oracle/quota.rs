//! Judges quotas by their definitions, from the list of what was recorded, set aside and settled.

use limiter_core::{CLOCK_TOLERANCE_MS, EXACT, Quota, QuotaOutcome, ReservationId, Retry, Span};

use super::{calendar, first, ms};

/// How long a settled id is remembered.
const MEMORY_MS: u64 = 600_000;

/// Everything that happened to one counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaOracle {
    recorded: Vec<(u64, u64)>,
    held: Vec<Held>,
    settled: Vec<(u64, ReservationId)>,
    written_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    id: ReservationId,
    amount: u64,
    since_ms: u64,
    expires_ms: u64,
}

/// What was asked of a counter, as far as it can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// To count, which is never refused; or to hold, which was granted.
    Count,
    /// Whether anything is left.
    Check,
    /// To hold so much under an id.
    Reserve(&'a ReservationId, u64),
}

impl Asked<'_> {
    fn can_ever_fit(self, quota: &Quota) -> bool {
        match self {
            Self::Count => true,
            Self::Check => quota.max() > 0,
            Self::Reserve(_, amount) => amount <= quota.max(),
        }
    }
}

/// Why a reserve is an error: its id is held with another amount, or was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

impl QuotaOracle {
    /// Counts what was used.
    pub fn record(&mut self, quota: &Quota, amount: u64, clock_ms: u64) {
        if amount > 0 {
            let now_ms = self.write(clock_ms);
            let amount = amount.min(EXACT - self.used_at(quota, now_ms));
            self.recorded.push((now_ms, amount));
        }
    }

    /// Whether a reserve fits.
    ///
    /// # Errors
    /// It can't, whatever is left.
    pub fn reserves(
        &self,
        quota: &Quota,
        id: &ReservationId,
        amount: u64,
        clock_ms: u64,
    ) -> Result<bool, Conflict> {
        let (view, now_ms) = self.view(clock_ms);
        view.reserves_at(quota, id, amount, now_ms)
    }

    /// Holds what a reserve was granted.
    pub fn hold(&mut self, id: &ReservationId, amount: u64, ttl_ms: u64, clock_ms: u64) {
        let since_ms = self.write(clock_ms);
        self.held.retain(|held| held.id != *id);
        self.held.push(Held { id: id.clone(), amount, since_ms, expires_ms: since_ms + ttl_ms });
    }

    /// Counts what was really used under an id, and holds nothing under it any more. Tells whether it did: the
    /// settle may repeat one that is remembered.
    pub fn settle(&mut self, quota: &Quota, id: &ReservationId, amount: u64, clock_ms: u64) -> bool {
        let (view, now_ms) = self.view(clock_ms);
        if view.is_settled(id, now_ms) {
            return false;
        }
        let now_ms = self.write(clock_ms);
        self.held.retain(|held| held.id != *id);
        self.record(quota, amount, clock_ms);
        self.settled.push((now_ms, id.clone()));
        true
    }

    /// Units used in the period.
    pub fn used(&self, quota: &Quota, clock_ms: u64) -> u64 {
        let (view, now_ms) = self.view(clock_ms);
        view.used_at(quota, now_ms)
    }

    /// Units held in the period.
    pub fn reserved(&self, quota: &Quota, clock_ms: u64) -> u64 {
        let (view, now_ms) = self.view(clock_ms);
        view.reserved_at(quota, now_ms)
    }

    /// Checks all that an outcome tells of the counter after the call.
    ///
    /// # Errors
    /// What it should have told instead.
    pub fn confirm(
        &self,
        quota: &Quota,
        asked: Asked<'_>,
        clock_ms: u64,
        outcome: &QuotaOutcome,
    ) -> Result<(), String> {
        let (view, now_ms) = self.view(clock_ms);
        let (used, reserved) = (view.used_at(quota, now_ms), view.reserved_at(quota, now_ms));
        if (outcome.used, outcome.reserved) != (used, reserved) {
            return Err(format!("{used} used and {reserved} reserved"));
        }
        let remaining = u128::from(quota.max()).saturating_sub(u128::from(used) + u128::from(reserved));
        if u128::from(outcome.remaining) != remaining {
            return Err(format!("{remaining} remaining"));
        }
        let turn_ms = span(quota, now_ms).end_ms - now_ms;
        if ms(outcome.reset_after) != turn_ms {
            return Err(format!("reset after {turn_ms} ms, when the period ends"));
        }
        let fits = |wait_ms: u64| view.fits(quota, asked, now_ms + wait_ms);
        match outcome.retry_after {
            None if fits(0) => Ok(()),
            Some(Retry::Never) if !asked.can_ever_fit(quota) => Ok(()),
            Some(Retry::After(wait)) if asked.can_ever_fit(quota) && is_least(ms(wait), fits) => Ok(()),
            _ if fits(0) => Err("allowed".to_owned()),
            _ if !asked.can_ever_fit(quota) => Err("that it never fits".to_owned()),
            _ => Err(format!("retry after {} ms", first(0, turn_ms, fits))),
        }
    }

    fn fits(&self, quota: &Quota, asked: Asked<'_>, at_ms: u64) -> bool {
        match asked {
            Asked::Count => true,
            Asked::Check => self.taken(quota, at_ms) < u128::from(quota.max()),
            Asked::Reserve(id, amount) => self.reserves_at(quota, id, amount, at_ms).unwrap_or(false),
        }
    }

    fn reserves_at(
        &self,
        quota: &Quota,
        id: &ReservationId,
        amount: u64,
        at_ms: u64,
    ) -> Result<bool, Conflict> {
        if self.is_settled(id, at_ms) {
            return Err(Conflict);
        }
        match self.held_at(quota, at_ms).find(|held| held.id == *id) {
            Some(held) if held.amount == amount => Ok(true),
            Some(_) => Err(Conflict),
            None => Ok(self.taken(quota, at_ms) + u128::from(amount) <= u128::from(quota.max())),
        }
    }

    fn taken(&self, quota: &Quota, at_ms: u64) -> u128 {
        u128::from(self.used_at(quota, at_ms)) + u128::from(self.reserved_at(quota, at_ms))
    }

    fn used_at(&self, quota: &Quota, at_ms: u64) -> u64 {
        let period = span(quota, at_ms);
        let current = self.recorded.iter().filter(|(when_ms, _)| is_in(period, *when_ms));
        current.map(|(_, amount)| amount).sum()
    }

    fn reserved_at(&self, quota: &Quota, at_ms: u64) -> u64 {
        self.held_at(quota, at_ms).fold(0, |sum, held| sum.saturating_add(held.amount))
    }

    fn held_at(&self, quota: &Quota, at_ms: u64) -> impl Iterator<Item = &Held> {
        let period = span(quota, at_ms);
        let live = move |held: &&Held| at_ms < held.expires_ms && is_in(period, held.since_ms);
        self.held.iter().filter(live)
    }

    fn is_settled(&self, id: &ReservationId, at_ms: u64) -> bool {
        self.settled.iter().any(|(when_ms, settled)| settled == id && at_ms < when_ms + MEMORY_MS)
    }

    /// What there is to be seen, nothing that a wrong clock has written; and the effective time.
    fn view(&self, clock_ms: u64) -> (Self, u64) {
        let wrong = self.written_ms > clock_ms + CLOCK_TOLERANCE_MS;
        let view = if wrong { Self::default() } else { self.clone() };
        let now_ms = clock_ms.max(view.written_ms);
        (view, now_ms)
    }

    /// The effective time of a call that changes it.
    fn write(&mut self, clock_ms: u64) -> u64 {
        let (view, now_ms) = self.view(clock_ms);
        *self = Self { written_ms: now_ms, ..view };
        now_ms
    }
}

/// Whether a wait above 0 is the least after which it fits.
fn is_least(wait_ms: u64, fits: impl Fn(u64) -> bool) -> bool {
    wait_ms > 0 && fits(wait_ms) && !fits(wait_ms - 1)
}

fn span(quota: &Quota, at_ms: u64) -> Span {
    calendar::span(quota.period(), at_ms, quota.utc_offset_minutes())
}

fn is_in(period: Span, at_ms: u64) -> bool {
    period.start_ms <= at_ms.cast_signed() && at_ms < period.end_ms
}
