//! Every answer, held against the definitions.

use std::iter::repeat;

use limiter_core::{Charge, Decision, Error, Key, Limit, LimitSet, RateLimiter};

use super::hearing::Hearing;
use super::history::{Ask, Call};
use crate::broken::Kept;
use crate::laws::oracle::RateOracle;
use crate::trial::{Promise, Trial};

/// Every answer is what the definitions say of everything that was charged and given back before: whether it fits,
/// what is left, when it resets, when it would fit, when it was charged.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn every_answer_is_what_the_definitions_say(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("every answer is what the definitions say");
    follow(rates, promise, [limits, limits], calls).await
}

/// Changing how many units a limit allows, its burst, or whether it counts denied hits keeps the counts. The calls are
/// made by the limits and by the changed ones in turn, as while a change is rolled out.
///
/// # Errors
/// How the promise was broken, as for every law; or `changed` has other algorithms or windows.
pub async fn a_changed_limit_keeps_the_counts(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    changed: &LimitSet,
    calls: &[Call],
) -> Kept {
    let same = |(one, other): (&Limit, &Limit)| one.same_counter(other);
    if limits.len() != changed.len() || !limits.iter().zip(changed).all(same) {
        let accepted = format!("the algorithms and windows of {limits}");
        return Err(Error::invalid("changed limits", changed, &accepted).into());
    }
    let promise = trial.promise("a changed limit keeps the counts");
    follow(rates, promise, [limits, changed], calls).await
}

async fn follow(rates: &dyn RateLimiter, promise: Promise, limits: [&LimitSet; 2], calls: &[Call]) -> Kept {
    let hearing = Hearing::of(rates, promise)?;
    let oracles = vec![RateOracle::default(); limits[0].len()];
    let mut run = Run { key: hearing.key()?, hearing, limits, oracles, charged_at_ms: Vec::new() };
    for call in calls {
        let clock_ms = run.hearing.set_ms(call.at_ms);
        let mut charged = vec![None; run.oracles.len()];
        match &call.ask {
            Ask::Hit(costs) => run.hit(costs, clock_ms, &mut charged).await?,
            Ask::Peek(costs) => run.peek(costs, clock_ms).await?,
            Ask::Refund { call, limit, cost } => {
                let at_ms = calls.get(*call).map_or(clock_ms, |call| call.at_ms);
                run.refund(*call, *limit, *cost, at_ms, clock_ms).await?;
            }
        }
        run.charged_at_ms.push(charged);
    }
    run.hearing.forget(limits[0], repeat(&run.key)).await;
    Ok(())
}

struct Run<'a> {
    hearing: Hearing<'a>,
    key: Key,
    /// Those of the even calls, and those of the odd ones.
    limits: [&'a LimitSet; 2],
    oracles: Vec<RateOracle>,
    /// When each call was charged, by the place of the limit.
    charged_at_ms: Vec<Vec<Option<u64>>>,
}

impl<'a> Run<'a> {
    fn limits(&self) -> &'a LimitSet {
        self.limits[self.charged_at_ms.len() % 2]
    }

    async fn hit(&mut self, costs: &[Option<u64>], clock_ms: u64, charged: &mut [Option<u64>]) -> Kept {
        let (key, limits) = (self.key.clone(), self.limits());
        let (places, charges) = charges(&key, limits, costs);
        let fit = self.fit(&places, &charges, clock_ms);
        let all = fit.iter().all(|fits| *fits);
        let decision = self.hearing.hit(&charges).await?;
        for ((place, charge), fits) in places.iter().zip(&charges).zip(&fit) {
            let counts = charge.cost() > 0 && (all || (charge.limit().counts_denied() && !fits));
            if counts {
                charged[*place] = self.oracles[*place].charge(charge, clock_ms);
            }
        }
        let charged: Vec<_> = places.iter().map(|place| charged[*place]).collect();
        self.confirm("hit", (&places, &charges), clock_ms, &decision, (&fit, &charged))
    }

    async fn peek(&self, costs: &[Option<u64>], clock_ms: u64) -> Kept {
        let (places, charges) = charges(&self.key, self.limits(), costs);
        let fit = self.fit(&places, &charges, clock_ms);
        let decision = self.hearing.peek(&charges).await?;
        let nothing = vec![None; charges.len()];
        self.confirm("peek at", (&places, &charges), clock_ms, &decision, (&fit, &nothing))
    }

    async fn refund(&mut self, call: usize, place: usize, cost: u64, at_ms: u64, clock_ms: u64) -> Kept {
        let Some(limit) = self.limits[call % 2].as_slice().get(place) else {
            return Ok(());
        };
        let charged_at_ms = self.charged_at_ms.get(call).and_then(|charged| charged[place]).unwrap_or(at_ms);
        let charge = Charge::new(&self.key, limit).with_cost(cost);
        self.hearing.refund(&charge, charged_at_ms).await?;
        self.oracles[place].refund(&charge, charged_at_ms, clock_ms);
        Ok(())
    }

    fn fit(&self, places: &[usize], charges: &[Charge<'_>], clock_ms: u64) -> Vec<bool> {
        places
            .iter()
            .zip(charges)
            .map(|(place, charge)| self.oracles[*place].allows(charge, clock_ms))
            .collect()
    }

    /// Whether the decision tells of each charge whether it fits and when it was charged, and how its counter stands.
    fn confirm(
        &self,
        verb: &str,
        (places, charges): (&[usize], &[Charge<'_>]),
        clock_ms: u64,
        decision: &Decision,
        (fit, charged): (&[bool], &[Option<u64>]),
    ) -> Kept {
        let broken = |wanted: &str| Err(self.hearing.broken(verb, charges, wanted, decision));
        for (at, outcome) in decision.outcomes().iter().enumerate() {
            let by = charges[at].limit();
            if outcome.is_allowed() != fit[at] {
                return broken(&format!("that it {} by {by}", if fit[at] { "fits" } else { "doesn't fit" }));
            }
            if outcome.charged_at_ms() != charged[at] {
                let at_ms = charged[at]
                    .map_or_else(|| "not charged".to_owned(), |at_ms| format!("charged at {at_ms}"));
                return broken(&format!("{at_ms} by {by}"));
            }
            if let Err(wanted) = self.oracles[places[at]].confirm(&charges[at], clock_ms, outcome) {
                return broken(&format!("{wanted} by {by}"));
            }
        }
        let all = fit.iter().all(|fits| *fits);
        if decision.is_allowed() == all { Ok(()) } else { broken(if all { "allowed" } else { "denied" }) }
    }
}

/// The charges of the limits that take part, and the limits' places.
fn charges<'a>(key: &'a Key, limits: &'a LimitSet, costs: &[Option<u64>]) -> (Vec<usize>, Vec<Charge<'a>>) {
    let taking_part = limits.charges(key).zip(costs).enumerate();
    taking_part.filter_map(|(place, (charge, cost))| Some((place, charge.with_cost((*cost)?)))).unzip()
}
