//! Quotas in real time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use limiter_core::algorithm::{self, QuotaCounter};
use limiter_core::{
    Key, LimitError, Period, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation, ReservationId,
    Reserved, Result as Answered, Settlement,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::plays::Real;
use crate::sequences::words::Words;
use crate::trial::Trial;

/// One key, and keys to learn the time by.
pub(super) struct RealQuotas {
    quotas: Arc<dyn QuotaTracker>,
    trial: Trial,
    key: Key,
    kinds: Vec<Quota>,
}

/// A quota by its place, and an amount.
type Line = (usize, u64);

/// What can be asked, of few reservations by their numbers.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Check(usize),
    Record(Line),
    Reserve { number: u8, lines: Vec<Line>, ttl_ms: u64 },
    Settle { number: u8, lines: Vec<Line> },
    Reset(usize),
}

#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Counted(Vec<QuotaOutcome>),
    Reserved(Reserved),
    Done,
}

impl RealQuotas {
    pub(super) fn new(quotas: &Arc<dyn QuotaTracker>, trial: &Trial) -> Answered<Self> {
        let (quotas, key) = (Arc::clone(quotas), trial.key("r")?);
        Ok(Self { quotas, trial: trial.clone(), key, kinds: kinds()? })
    }

    fn charges(&self, lines: &[Line]) -> Vec<QuotaCharge> {
        let charge = |(kind, amount): &Line| QuotaCharge::new(self.key.clone(), self.kinds[*kind], *amount);
        lines.iter().map(charge).collect()
    }

    fn reservation(&self, number: u8, lines: &[Line], ttl_ms: u64) -> Answered<Reservation> {
        let reservation = Reservation::new(self.charges(lines), Duration::from_millis(ttl_ms))?;
        Ok(reservation.with_id(self.id(number)?))
    }

    fn settlement(&self, number: u8, lines: &[Line]) -> Answered<Settlement> {
        Settlement::new(self.id(number)?, self.charges(lines))
    }

    fn id(&self, number: u8) -> Answered<ReservationId> {
        ReservationId::parse(&format!("{}-{number}", self.key.subject().replace('.', "-")))
    }
}

impl Real for RealQuotas {
    type World = Vec<QuotaCounter>;
    type Call = Call;
    type Answer = Answer;

    fn start(&self) -> Vec<QuotaCounter> {
        self.kinds.iter().map(|_| QuotaCounter::default()).collect()
    }

    fn calls(&self) -> BoxedStrategy<Call> {
        let kinds = self.kinds.len();
        let lines =
            (subsequence((0..kinds).collect::<Vec<_>>(), 1..=kinds).prop_shuffle(), vec(0..4_u64, kinds));
        let lines = lines.prop_map(|(kinds, amounts)| kinds.into_iter().zip(amounts).collect::<Vec<_>>());
        let ttl_ms = prop_oneof![4 => 5..80_u64, 3 => 50..400_u64, 1 => 1_000..3_000_u64];
        // Ids are many, for a settled one can't be reserved again while the sequence lasts.
        let number = || 1..=30_u8;
        let reserve = (number(), lines.clone(), ttl_ms);
        prop_oneof![
            4 => (0..kinds).prop_map(Call::Check),
            1 => (0..kinds, 0..3_u64).prop_map(Call::Record),
            8 => reserve.prop_map(|(number, lines, ttl_ms)| Call::Reserve { number, lines, ttl_ms }),
            2 => (number(), lines).prop_map(|(number, lines)| Call::Settle { number, lines }),
            1 => (0..kinds).prop_map(Call::Reset),
        ]
        .boxed()
    }

    /// By how far the year's end is, in the year in which that is nearest to this process's time.
    async fn now_ms(&mut self) -> Answered<u64> {
        let key = self.trial.key("t")?;
        let left = self.quotas.check(&key, &Quota::new(1, Period::Year)?).await?.reset_after;
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let here = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let here_ms = u64::try_from(here.as_millis()).unwrap_or(u64::MAX);
        let years = [-1_i64, 0, 1].map(|years| here_ms.saturating_add_signed(years * 365 * 86_400_000));
        let times = years.map(|in_year_ms| Period::Year.span(in_year_ms, 0).end_ms.saturating_sub(left_ms));
        Ok(times.into_iter().min_by_key(|time_ms| time_ms.abs_diff(here_ms)).unwrap_or(here_ms))
    }

    async fn ask(&self, call: &Call) -> Answered<Answer> {
        let (quotas, key) = (&self.quotas, &self.key);
        let one = |outcome| Answer::Counted(vec![outcome]);
        match call {
            Call::Check(kind) => quotas.check(key, &self.kinds[*kind]).await.map(one),
            Call::Record((kind, amount)) => quotas.record(key, &self.kinds[*kind], *amount).await.map(one),
            Call::Reserve { number, lines, ttl_ms } => {
                quotas.reserve(&self.reservation(*number, lines, *ttl_ms)?).await.map(Answer::Reserved)
            }
            Call::Settle { number, lines } => {
                quotas.settle(&self.settlement(*number, lines)?).await.map(Answer::Counted)
            }
            Call::Reset(kind) => quotas.reset(key, &self.kinds[*kind]).await.map(|()| Answer::Done),
        }
    }

    fn apply(&self, world: &mut Vec<QuotaCounter>, call: &Call, now_ms: u64) -> Answered<Answer> {
        let one = |outcome| Answer::Counted(vec![outcome]);
        match call {
            Call::Check(kind) => Ok(one(world[*kind].check(&self.kinds[*kind], now_ms))),
            Call::Record((kind, amount)) => Ok(one(world[*kind].record(&self.kinds[*kind], *amount, now_ms))),
            Call::Reserve { number, lines, ttl_ms } => {
                let reservation = self.reservation(*number, lines, *ttl_ms)?;
                let reserve = |counters: &mut [_]| algorithm::reserve(counters, &reservation, now_ms);
                changed(world, lines, reserve).map(Answer::Reserved)
            }
            Call::Settle { number, lines } => {
                let settlement = self.settlement(*number, lines)?;
                let settle = |counters: &mut [_]| algorithm::settle(counters, &settlement, now_ms);
                Ok(Answer::Counted(changed(world, lines, settle)))
            }
            Call::Reset(kind) => {
                world[*kind] = QuotaCounter::default();
                Ok(Answer::Done)
            }
        }
    }
}

/// Changes the counters of some lines together.
fn changed<T>(
    world: &mut [QuotaCounter],
    lines: &[Line],
    change: impl FnOnce(&mut [QuotaCounter]) -> T,
) -> T {
    let mut counters: Vec<_> = lines.iter().map(|(kind, _)| world[*kind].clone()).collect();
    let answer = change(&mut counters);
    for ((kind, _), counter) in lines.iter().zip(counters) {
        world[*kind] = counter;
    }
    answer
}

/// Quotas of which no two count in one counter.
fn kinds() -> Result<Vec<Quota>, LimitError> {
    Ok(vec![
        Quota::new(6, Period::Hour)?,
        Quota::new(9, Period::Day)?.with_utc_offset_minutes(-480)?,
        Quota::new(12, Period::Month)?,
    ])
}

impl Words for Answer {
    fn words(&self) -> String {
        match self {
            Self::Counted(outcomes) => outcomes.words(),
            Self::Reserved(reserved) => reserved.words(),
            Self::Done => ().words(),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = kinds().map_err(|_| fmt::Error)?;
        let line = |(kind, amount): &Line| format!("{amount} by {}", kinds[*kind]);
        let listed = |lines: &[Line]| lines.iter().map(line).collect::<Vec<_>>().join(" and ");
        match self {
            Self::Check(kind) => write!(f, "check by {}", kinds[*kind]),
            Self::Record(recorded) => write!(f, "record {}", line(recorded)),
            Self::Reserve { number, lines, ttl_ms } => {
                write!(f, "reserve {number} for {ttl_ms} ms: {}", listed(lines))
            }
            Self::Settle { number, lines } => write!(f, "settle {number}: {}", listed(lines)),
            Self::Reset(kind) => write!(f, "reset by {}", kinds[*kind]),
        }
    }
}
