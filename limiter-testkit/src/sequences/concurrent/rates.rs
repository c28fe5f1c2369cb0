//! Several tasks that ask rates at once.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Algorithm, Charge, Decision, Key, Limit, LimitError, RateLimiter, Receipt, Result as Answered, Source,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::rounds::{Asked, Drawing, Records, answered};
use crate::histories::{RateAnswer, RateCall, Rates};
use crate::trial::Trial;

/// The longest window: nothing passes in it while a round lasts.
const LONG: Duration = Duration::from_secs(366 * 86_400);

/// What a task asks: charges by the places of their limits, a refund by which of the task's own hits.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    Hit { lines: Vec<(usize, u64)>, at_once: bool },
    Peek(Vec<(usize, u64)>),
    Refund(Index),
    Reset(usize),
}

/// A key that was never used, and limits on it.
pub(super) struct Round {
    rates: Arc<dyn RateLimiter>,
    key: Key,
    limits: Vec<Limit>,
    plans: Vec<Vec<Plan>>,
}

/// Charges that were made, each with its time.
type Charged = Vec<(usize, u64, u64)>;

impl Round {
    pub(super) fn new(
        rates: &Arc<dyn RateLimiter>,
        trial: &Trial,
        draw: &mut Drawing<'_>,
    ) -> Result<Self, String> {
        let key = trial.key("c").map_err(|error| error.to_string())?;
        let limits = draw.draw(&select(pairs().map_err(|error| error.to_string())?))?;
        // What a refund gives back to a bucket depends on the time, and to a log once a reset came between. So where
        // time passes, a bucket has no refunds, and a round has refunds or resets.
        let stands = trial.clock().is_some();
        let bucket = limits.iter().any(|limit| limit.algorithm() == Algorithm::TokenBucket);
        let refunds = stands || !bucket && draw.draw(&any::<bool>())?;
        let plan = plan(limits.len(), refunds, stands || !refunds);
        let plans = draw.draw(&vec(vec(plan, 2..=4), 3..=4))?;
        Ok(Self { rates: Arc::clone(rates), key, limits, plans })
    }

    async fn hit(&self, lines: &[(usize, u64)], at_once: bool, records: &Records<Self>) -> Answered<Charged> {
        let charges = self.charges(lines);
        let begun = records.begin(RateCall::Hit(self.lines(lines)));
        let now = if at_once { self.rates.hit_now(&charges) } else { None };
        let decision = match now {
            Some(decision) => decision,
            None => self.rates.hit(&charges).await,
        };
        let charged = decision.as_ref().map(|decision| charged(decision, lines)).unwrap_or_default();
        answered(begun, decision)?;
        Ok(charged)
    }

    async fn refund(&self, charged: Charged, records: &Records<Self>) -> Answered<()> {
        let mut receipt = Receipt::new(Source::Store);
        for (limit, cost, charged_at_ms) in &charged {
            receipt.add(&Charge::new(&self.key, &self.limits[*limit]).with_cost(*cost), *charged_at_ms)?;
        }
        let lines: Vec<_> = charged.iter().map(|(limit, cost, _)| (*limit, *cost)).collect();
        let begun = records.begin(RateCall::Refund(self.lines(&lines)));
        answered(begun, self.rates.refund(receipt).await.map(|()| RateAnswer::Done))
    }

    fn charges(&self, lines: &[(usize, u64)]) -> Vec<Charge<'_>> {
        let charge =
            |(limit, cost): &(usize, u64)| Charge::new(&self.key, &self.limits[*limit]).with_cost(*cost);
        lines.iter().map(charge).collect()
    }

    fn lines(&self, lines: &[(usize, u64)]) -> Vec<(Key, Limit, u64)> {
        lines.iter().map(|(limit, cost)| (self.key.clone(), self.limits[*limit], *cost)).collect()
    }
}

impl Asked for Round {
    type Specification = Rates;
    type Plan = Plan;

    fn specification(now_ms: u64) -> Rates {
        Rates::at(now_ms)
    }

    fn plans(&mut self) -> Vec<Vec<Plan>> {
        std::mem::take(&mut self.plans)
    }

    async fn ask(&self, plans: Vec<Plan>, records: &Records<Self>) -> Answered<()> {
        let mut receipts = Vec::new();
        for plan in plans {
            match plan {
                Plan::Hit { lines, at_once } => receipts.push(self.hit(&lines, at_once, records).await?),
                Plan::Peek(lines) => {
                    let begun = records.begin(RateCall::Peek(self.lines(&lines)));
                    answered(begun, self.rates.peek(&self.charges(&lines)).await)?;
                }
                Plan::Refund(which) if !receipts.is_empty() => {
                    let charged = receipts.swap_remove(which.index(receipts.len()));
                    self.refund(charged, records).await?;
                }
                Plan::Refund(_) => {}
                Plan::Reset(limit) => {
                    let limit = self.limits[limit];
                    let begun = records.begin(RateCall::Reset(self.key.clone(), limit));
                    answered(begun, self.rates.reset(&self.key, &limit).await.map(|()| RateAnswer::Done))?;
                }
            }
        }
        Ok(())
    }
}

fn charged(decision: &Decision, lines: &[(usize, u64)]) -> Charged {
    let outcomes = decision.outcomes().iter().zip(lines);
    outcomes.filter_map(|(outcome, (limit, cost))| Some((*limit, *cost, outcome.charged_at_ms()?))).collect()
}

/// A call on so many limits.
fn plan(limits: usize, refunds: bool, resets: bool) -> impl Strategy<Value = Plan> {
    let lines = vec(0..3_u64, limits).prop_map(|costs| costs.into_iter().enumerate().collect::<Vec<_>>());
    let lines = (lines, 0..=limits).prop_map(move |(mut lines, alone)| {
        // All limits, or one of them alone.
        lines.retain(|(limit, _)| alone == limits || *limit == alone);
        lines
    });
    (0..12_u8, lines, any::<bool>(), any::<Index>(), 0..limits).prop_map(
        move |(kind, lines, at_once, which, limit)| match kind {
            0 | 1 => Plan::Peek(lines),
            2 | 3 if refunds => Plan::Refund(which),
            4 if resets => Plan::Reset(limit),
            _ => Plan::Hit { lines, at_once },
        },
    )
}

/// One limit, or two of different algorithms.
fn pairs() -> Result<Vec<Vec<Limit>>, LimitError> {
    let limits = [
        Limit::fixed_window(2, LONG)?,
        Limit::sliding_window(3, LONG)?,
        Limit::sliding_log(2, LONG)?,
        Limit::token_bucket(3, LONG)?,
        Limit::fixed_window(3, LONG)?.counting_denied()?,
        Limit::token_bucket(2, LONG)?.counting_denied()?,
    ];
    let alone = limits.iter().map(|limit| vec![*limit]);
    let pair = |one: usize, other: usize| vec![limits[one], limits[other]];
    Ok(alone.chain([pair(0, 1), pair(2, 3), pair(1, 2), pair(4, 3)]).collect())
}
