//! A quota tracker that is asked on a clock that is handed in.

use std::fmt::Debug;
use std::time::Duration;

use limiter_core::{
    Clock, Error, ErrorKind, Key, ManualClock, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation,
    ReservationId, Reserved, Settlement,
};

use super::history::{Ask, Call};
use crate::broken::{Broken, Kept};
use crate::trial::Promise;

/// A quota tracker that is asked on a clock that is handed in, about keys and reservations of its own.
pub(super) struct Hearing<'a> {
    tracker: &'a dyn QuotaTracker,
    promise: Promise,
    clock: ManualClock,
    keys: Vec<Key>,
    ids: Vec<ReservationId>,
}

/// What was answered: the outcomes stand in the order of the quotas that take part.
#[derive(Debug)]
pub(super) enum Answer {
    /// To a check or a record.
    One(QuotaOutcome),
    /// To a reserve; `None` for a conflict.
    Reserve(Option<Reserved>),
    /// To a settle.
    Settle(Vec<QuotaOutcome>),
}

impl<'a> Hearing<'a> {
    pub(super) fn of(
        tracker: &'a dyn QuotaTracker,
        promise: Promise,
        quotas: &[Quota],
        calls: &[Call],
    ) -> Kept<Self> {
        let ids =
            calls.iter().filter_map(|call| call.ask.reservation()).max().map_or(0, |id| usize::from(id) + 1);
        let clock = promise.handed_in()?;
        let keys = quotas.iter().map(|_| promise.key("law")).collect::<Kept<_>>()?;
        let ids = (0..ids).map(|_| Ok(ReservationId::random()?)).collect::<Kept<_>>()?;
        Ok(Self { tracker, promise, clock, keys, ids })
    }

    /// Sets the clock, and tells what it shows.
    pub(super) fn set_ms(&self, at_ms: u64) -> u64 {
        self.clock.set_ms(at_ms);
        self.clock.now_ms()
    }

    pub(super) fn id(&self, id: u8) -> &ReservationId {
        &self.ids[usize::from(id)]
    }

    /// Makes a call by these quotas.
    pub(super) async fn make(&self, quotas: &[Quota], ask: &Ask) -> Kept<Answer> {
        let no_answer = |error: Error| self.broken(quotas, ask, "an answer", &error);
        match ask {
            Ask::Check(at) => self.check(quotas, *at, ask).await.map(Answer::One),
            Ask::Record(at, amount) => {
                let outcome = self.tracker.record(&self.keys[*at], &quotas[*at], *amount).await;
                Ok(Answer::One(outcome.map_err(no_answer)?))
            }
            Ask::Reserve { id, amounts, ttl_ms } => {
                let request =
                    Reservation::new(self.charges(quotas, amounts), Duration::from_millis(*ttl_ms))?;
                match self.tracker.reserve(&request.with_id(self.id(*id).clone())).await {
                    Err(error) if error.kind() == ErrorKind::Conflict => Ok(Answer::Reserve(None)),
                    Ok(answer) if answer.outcomes().len() == request_len(amounts) => {
                        Ok(Answer::Reserve(Some(answer)))
                    }
                    Ok(answer) => Err(self.broken(quotas, ask, EACH, &answer)),
                    Err(error) => Err(no_answer(error)),
                }
            }
            Ask::Settle { id, amounts } => {
                let request = Settlement::new(self.id(*id).clone(), self.charges(quotas, amounts))?;
                let outcomes = self.tracker.settle(&request).await.map_err(no_answer)?;
                let each = outcomes.len() == request_len(amounts);
                if each {
                    Ok(Answer::Settle(outcomes))
                } else {
                    Err(self.broken(quotas, ask, EACH, &outcomes))
                }
            }
        }
    }

    /// How a counter stands.
    pub(super) async fn check(&self, quotas: &[Quota], at: usize, ask: &Ask) -> Kept<QuotaOutcome> {
        let outcome = self.tracker.check(&self.keys[at], &quotas[at]).await;
        outcome.map_err(|error| self.broken(quotas, ask, "an answer to a check", &error))
    }

    /// Forgets the counters, so that many histories fill no store. Whether that works isn't the law's business.
    pub(super) async fn forget(&self, quotas: &[Quota]) {
        for (key, quota) in self.keys.iter().zip(quotas) {
            let _ = self.tracker.reset(key, quota).await;
        }
    }

    /// That the promise was broken by a call, or by what is seen after it.
    pub(super) fn broken(
        &self,
        quotas: &[Quota],
        ask: &Ask,
        wanted: impl Into<String>,
        got: &dyn Debug,
    ) -> Broken {
        let by = quotas.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let asked = format!("{ask:?} by {by}, at {}", self.clock.now_ms());
        self.promise.broken(asked, wanted.into(), format!("{got:?}"))
    }

    fn charges(&self, quotas: &[Quota], amounts: &[Option<u64>]) -> Vec<QuotaCharge> {
        let all = self.keys.iter().zip(quotas).zip(amounts);
        all.filter_map(|((key, quota), amount)| Some(QuotaCharge::new(key.clone(), *quota, (*amount)?)))
            .collect()
    }
}

const EACH: &str = "an outcome for each charge";

fn request_len(amounts: &[Option<u64>]) -> usize {
    amounts.iter().flatten().count()
}

impl Ask {
    /// The quotas that take part, by their places, and their amounts; 0 for a check.
    pub(super) fn parts(&self) -> Vec<(usize, u64)> {
        match self {
            Self::Check(at) => vec![(*at, 0)],
            Self::Record(at, amount) => vec![(*at, *amount)],
            Self::Reserve { amounts, .. } | Self::Settle { amounts, .. } => {
                let parts = amounts.iter().enumerate();
                parts.filter_map(|(at, amount)| Some((at, (*amount)?))).collect()
            }
        }
    }

    const fn reservation(&self) -> Option<u8> {
        match self {
            Self::Reserve { id, .. } | Self::Settle { id, .. } => Some(*id),
            Self::Check(_) | Self::Record(..) => None,
        }
    }
}

impl Answer {
    /// The outcomes, one for each quota that takes part.
    pub(super) fn outcomes(&self) -> &[QuotaOutcome] {
        match self {
            Self::One(outcome) => std::slice::from_ref(outcome),
            Self::Reserve(answer) => answer.as_ref().map_or(&[], Reserved::outcomes),
            Self::Settle(outcomes) => outcomes,
        }
    }
}
