//! Rates in real time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::algorithm::AnyCounter;
use limiter_core::{
    Charge, Decision, EXACT, Error, ErrorKind, Key, Limit, LimitError, Outcome, RateLimiter, Receipt,
    Result as Answered, Source,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::plays::Real;
use crate::sequences::words::Words;
use crate::trial::Trial;

/// One key, and limits of which no two count in one counter.
pub(super) struct RealRates {
    rates: Arc<dyn RateLimiter>,
    key: Key,
    limits: Vec<Limit>,
    /// What the latest hits charged.
    charged: Vec<Vec<Charged>>,
    probes: u64,
}

/// A limit by its place, and a cost.
type Line = (usize, u64);

/// A limit by its place, a cost, and the time at which it was charged.
type Charged = (usize, u64, u64);

/// What can be asked. A refund is drawn as one of the latest hits, and chosen as what that charged.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Hit(Vec<Line>),
    Peek(Vec<Line>),
    Refund(Index),
    GiveBack(Vec<Charged>),
    Reset(usize),
}

#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Decided(Decision),
    Done,
}

impl RealRates {
    pub(super) fn new(rates: &Arc<dyn RateLimiter>, trial: &Trial) -> Answered<Self> {
        let limits = limits()?;
        Ok(Self { rates: Arc::clone(rates), key: trial.key("r")?, limits, charged: Vec::new(), probes: 0 })
    }

    fn charge(&self, limit: usize, cost: u64) -> Charge<'_> {
        Charge::new(&self.key, &self.limits[limit]).with_cost(cost)
    }

    fn charges(&self, lines: &[Line]) -> Vec<Charge<'_>> {
        lines.iter().map(|(limit, cost)| self.charge(*limit, *cost)).collect()
    }

    fn receipt(&self, charged: &[Charged]) -> Answered<Receipt> {
        let mut receipt = Receipt::new(Source::Store);
        for (limit, cost, charged_at_ms) in charged {
            receipt.add(&self.charge(*limit, *cost), *charged_at_ms)?;
        }
        Ok(receipt)
    }

    /// A hit on the state, of which only what was charged is kept.
    fn hit(&self, world: &mut [AnyCounter], lines: &[Line], now_ms: u64) -> Decision {
        let mut counters = counters(world, lines);
        let decision = AnyCounter::hit(&mut counters, &self.charges(lines), now_ms);
        for ((outcome, counter), (limit, _)) in decision.outcomes().iter().zip(counters).zip(lines) {
            if outcome.charged_at_ms().is_some() {
                world[*limit] = counter;
            }
        }
        decision
    }
}

impl Real for RealRates {
    type World = Vec<AnyCounter>;
    type Call = Call;
    type Answer = Answer;

    fn start(&self) -> Vec<AnyCounter> {
        self.limits.iter().map(|limit| AnyCounter::new(limit.algorithm())).collect()
    }

    fn calls(&self) -> BoxedStrategy<Call> {
        let limits = self.limits.len();
        let lines = (subsequence((0..limits).collect::<Vec<_>>(), 1..=3).prop_shuffle(), vec(0..4_u64, 3));
        let lines = lines.prop_map(|(limits, costs)| limits.into_iter().zip(costs).collect::<Vec<_>>());
        prop_oneof![
            10 => lines.clone().prop_map(Call::Hit),
            4 => lines.prop_map(Call::Peek),
            3 => any::<Index>().prop_map(Call::Refund),
            1 => (0..limits).prop_map(Call::Reset),
        ]
        .boxed()
    }

    fn chosen(&mut self, drawn: Call) -> Call {
        match drawn {
            Call::Refund(_) if self.charged.is_empty() => Call::Peek(vec![(0, 1)]),
            Call::Refund(which) => Call::GiveBack(self.charged.swap_remove(which.index(self.charged.len()))),
            drawn => drawn,
        }
    }

    /// A hit on a counter of the same key that was never used: it is charged at the time of the clock.
    async fn now_ms(&mut self) -> Answered<u64> {
        self.probes += 1;
        let probe = Limit::fixed_window(EXACT, Duration::from_millis(86_400_000 + self.probes))?;
        let decision = self.rates.hit(&[Charge::new(&self.key, &probe)]).await?;
        let charged_at_ms = decision.outcomes().first().and_then(Outcome::charged_at_ms);
        charged_at_ms.ok_or_else(|| Error::new(ErrorKind::Protocol, "a hit that fits tells no charged_at"))
    }

    async fn ask(&self, call: &Call) -> Answered<Answer> {
        match call {
            Call::Hit(lines) => self.rates.hit(&self.charges(lines)).await.map(Answer::Decided),
            Call::Peek(lines) => self.rates.peek(&self.charges(lines)).await.map(Answer::Decided),
            Call::Refund(_) => Ok(Answer::Done),
            Call::GiveBack(charged) => self.rates.refund(self.receipt(charged)?).await.map(|()| Answer::Done),
            Call::Reset(limit) => {
                self.rates.reset(&self.key, &self.limits[*limit]).await.map(|()| Answer::Done)
            }
        }
    }

    fn apply(&self, world: &mut Vec<AnyCounter>, call: &Call, now_ms: u64) -> Answered<Answer> {
        match call {
            Call::Hit(lines) => return Ok(Answer::Decided(self.hit(world, lines, now_ms))),
            Call::Peek(lines) => {
                let decision = AnyCounter::peek(&mut counters(world, lines), &self.charges(lines), now_ms);
                return Ok(Answer::Decided(decision));
            }
            Call::Refund(_) => {}
            Call::GiveBack(charged) => {
                for (limit, cost, charged_at_ms) in charged {
                    let mut counter = world[*limit].clone();
                    if counter.refund(&self.charge(*limit, *cost), *charged_at_ms, now_ms) {
                        world[*limit] = counter;
                    }
                }
            }
            Call::Reset(limit) => world[*limit] = AnyCounter::new(self.limits[*limit].algorithm()),
        }
        Ok(Answer::Done)
    }

    fn remember(&mut self, call: &Call, answer: &Answer) {
        if let (Call::Hit(lines), Answer::Decided(decision)) = (call, answer) {
            let outcomes = decision.outcomes().iter().zip(lines);
            let charged =
                |(outcome, (limit, cost)): (&Outcome, &Line)| Some((*limit, *cost, outcome.charged_at_ms()?));
            let charged: Vec<_> = outcomes.filter_map(charged).collect();
            self.charged.extend(Some(charged).filter(|charged| !charged.is_empty()));
            self.charged.drain(..self.charged.len().saturating_sub(6));
        }
    }
}

fn counters(world: &[AnyCounter], lines: &[Line]) -> Vec<AnyCounter> {
    lines.iter().map(|(limit, _)| world[*limit].clone()).collect()
}

/// Limits of every algorithm, over windows from a tenth of a second to two.
fn limits() -> Result<Vec<Limit>, LimitError> {
    let ms = Duration::from_millis;
    Ok(vec![
        Limit::fixed_window(3, ms(100))?,
        Limit::fixed_window(4, ms(1_000))?.counting_denied()?,
        Limit::sliding_window(3, ms(150))?,
        Limit::sliding_window(5, ms(2_000))?,
        Limit::sliding_log(3, ms(250))?,
        Limit::token_bucket(3, ms(200))?.with_burst(4)?,
        Limit::token_bucket(20, ms(2_000))?.with_burst(3)?.counting_denied()?,
    ])
}

impl Words for Answer {
    fn words(&self) -> String {
        match self {
            Self::Decided(decision) => decision.words(),
            Self::Done => ().words(),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = limits().map_err(|_| fmt::Error)?;
        let line = |(limit, cost): &Line| format!("{cost} by {}", limits[*limit]);
        let listed = |lines: &[Line]| lines.iter().map(line).collect::<Vec<_>>().join(" and ");
        match self {
            Self::Hit(lines) => write!(f, "hit {}", listed(lines)),
            Self::Peek(lines) => write!(f, "peek at {}", listed(lines)),
            Self::Refund(_) => f.write_str("refund one of the latest hits"),
            Self::GiveBack(charged) => {
                let told =
                    |(limit, cost, at_ms): &Charged| format!("{} charged at {at_ms}", line(&(*limit, *cost)));
                write!(f, "refund {}", charged.iter().map(told).collect::<Vec<_>>().join(" and "))
            }
            Self::Reset(limit) => write!(f, "reset by {}", limits[*limit]),
        }
    }
}
