//! Judges quotas by their definitions, from the list of what was recorded, set aside and settled.

use limiter_core::{CLOCK_TOLERANCE_MS, EXACT, Quota, QuotaOutcome, Retry, Span};

use crate::calendar;

/// How long a settled id is remembered.
const MEMORY_MS: u64 = 600_000;

/// Everything that happened to one counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuotaOracle {
    recorded: Vec<(u64, u64)>,
    held: Vec<Held>,
    settled: Vec<(u64, u8)>,
    written_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    id: u8,
    amount: u64,
    since_ms: u64,
    expires_ms: u64,
}

/// What is asked of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// What records is always allowed.
    Record,
    Check,
    Reserve(u8, u64),
}

impl Ask {
    fn can_ever_fit(self, quota: &Quota) -> bool {
        match self {
            Self::Record => true,
            Self::Check => quota.max() > 0,
            Self::Reserve(_, amount) => amount <= quota.max(),
        }
    }
}

/// Why a reserve is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conflict;

impl QuotaOracle {
    pub(crate) fn record(&mut self, quota: &Quota, amount: u64, clock_ms: u64) {
        if amount > 0 {
            let now_ms = self.write(clock_ms);
            let amount = amount.min(EXACT - self.used(quota, now_ms));
            self.recorded.push((now_ms, amount));
        }
    }

    /// Whether a reserve fits.
    pub(crate) fn reserves(
        &self,
        quota: &Quota,
        id: u8,
        amount: u64,
        clock_ms: u64,
    ) -> Result<bool, Conflict> {
        let view = self.view(clock_ms);
        view.reserves_at(quota, id, amount, view.now_ms(clock_ms))
    }

    pub(crate) fn hold(&mut self, id: u8, amount: u64, ttl_ms: u64, clock_ms: u64) {
        let since_ms = self.write(clock_ms);
        self.held.retain(|held| held.id != id);
        self.held.push(Held { id, amount, since_ms, expires_ms: since_ms + ttl_ms });
    }

    pub(crate) fn settle(&mut self, quota: &Quota, id: u8, amount: u64, clock_ms: u64) {
        let view = self.view(clock_ms);
        if view.is_settled(id, view.now_ms(clock_ms)) {
            return;
        }
        let now_ms = self.write(clock_ms);
        self.held.retain(|held| held.id != id);
        self.record(quota, amount, clock_ms);
        self.settled.push((now_ms, id));
    }

    /// Checks all that an outcome tells of the counter after the call, against the definitions alone.
    pub(crate) fn confirm(
        &self,
        quota: &Quota,
        ask: Ask,
        clock_ms: u64,
        outcome: &QuotaOutcome,
    ) -> Result<(), String> {
        let view = self.view(clock_ms);
        let now_ms = view.now_ms(clock_ms);
        let (used, reserved) = (view.used(quota, now_ms), view.reserved(quota, now_ms));
        if (outcome.used, outcome.reserved) != (used, reserved) {
            return Err(format!("used {used} and reserved {reserved} are wanted"));
        }
        if u128::from(outcome.remaining)
            != u128::from(quota.max()).saturating_sub(u128::from(used) + u128::from(reserved))
        {
            return Err("remaining isn't what is left".to_owned());
        }
        let end_ms = span(quota, now_ms).end_ms;
        if outcome.reset_after.as_millis() != u128::from(end_ms - now_ms) {
            return Err(format!("the period ends at {end_ms}"));
        }
        let fits = |at_ms: u64| view.fits(quota, ask, at_ms);
        match (outcome.retry_after, ask.can_ever_fit(quota)) {
            (None, _) if fits(now_ms) => Ok(()),
            (Some(Retry::Never), false) => Ok(()),
            (Some(Retry::After(wait)), true) => {
                let at_ms = now_ms + u64::try_from(wait.as_millis()).unwrap();
                let exact = at_ms > now_ms && fits(at_ms) && !fits(at_ms - 1);
                if exact { Ok(()) } else { Err(format!("{wait:?} isn't the least wait")) }
            }
            (retry, ever) => Err(format!("{retry:?}, where it can ever fit is {ever}")),
        }
    }

    fn fits(&self, quota: &Quota, ask: Ask, at_ms: u64) -> bool {
        match ask {
            Ask::Record => true,
            Ask::Check => self.taken(quota, at_ms) < u128::from(quota.max()),
            Ask::Reserve(id, amount) => self.reserves_at(quota, id, amount, at_ms).unwrap_or(false),
        }
    }

    fn reserves_at(&self, quota: &Quota, id: u8, amount: u64, at_ms: u64) -> Result<bool, Conflict> {
        if self.is_settled(id, at_ms) {
            return Err(Conflict);
        }
        match self.held_now(quota, at_ms).find(|held| held.id == id) {
            Some(held) if held.amount == amount => Ok(true),
            Some(_) => Err(Conflict),
            None => Ok(self.taken(quota, at_ms) + u128::from(amount) <= u128::from(quota.max())),
        }
    }

    fn taken(&self, quota: &Quota, at_ms: u64) -> u128 {
        u128::from(self.used(quota, at_ms)) + u128::from(self.reserved(quota, at_ms))
    }

    fn used(&self, quota: &Quota, at_ms: u64) -> u64 {
        let period = span(quota, at_ms);
        let current = self.recorded.iter().filter(|(when_ms, _)| span(quota, *when_ms) == period);
        current.map(|(_, amount)| amount).sum()
    }

    fn reserved(&self, quota: &Quota, at_ms: u64) -> u64 {
        self.held_now(quota, at_ms).map(|held| held.amount).sum()
    }

    fn held_now(&self, quota: &Quota, at_ms: u64) -> impl Iterator<Item = &Held> {
        let period = span(quota, at_ms);
        let live = move |held: &&Held| at_ms < held.expires_ms && span(quota, held.since_ms) == period;
        self.held.iter().filter(live)
    }

    fn is_settled(&self, id: u8, at_ms: u64) -> bool {
        self.settled.iter().any(|(when_ms, settled)| *settled == id && at_ms < when_ms + MEMORY_MS)
    }

    /// What there is to be seen: nothing that a wrong clock has written.
    fn view(&self, clock_ms: u64) -> Self {
        if self.written_ms > clock_ms + CLOCK_TOLERANCE_MS { Self::default() } else { self.clone() }
    }

    fn now_ms(&self, clock_ms: u64) -> u64 {
        clock_ms.max(self.written_ms)
    }

    /// The effective time of a call that changes it.
    fn write(&mut self, clock_ms: u64) -> u64 {
        *self = self.view(clock_ms);
        self.written_ms = self.now_ms(clock_ms);
        self.written_ms
    }
}

fn span(quota: &Quota, at_ms: u64) -> Span {
    calendar::span(quota.period(), at_ms, quota.utc_offset_minutes())
}
