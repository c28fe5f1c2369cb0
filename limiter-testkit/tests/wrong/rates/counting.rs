//! Faults about how much fits and what is told of it.

use async_trait::async_trait;
use limiter_core::{Algorithm, Charge, Decision, EXACT, Limit, Outcome, RateLimiter, Result, Retry, Source};
use limiter_testkit::Model;

use super::calls::{Calls, calls, retold};
use crate::judge::{caught_by, caught_by_all};

/// The only charge of a call.
fn alone<'a, 'b>(charges: &'a [Charge<'b>]) -> Option<&'a Charge<'b>> {
    if let [charge] = charges { Some(charge) } else { None }
}

/// Compares with `<=` before it counts: one unit more fits where all are used.
#[derive(Debug)]
struct OneTooMany;

#[async_trait]
impl Calls for OneTooMany {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        match alone(charges) {
            Some(charge) if !decision.is_allowed() && charge.cost() == 1 && charge.limit().max() > 0 => {
                let more = one_more(charge.limit());
                let again = right.hit(&[Charge::new(charge.key(), &more)]).await?;
                Ok(if again.is_allowed() { again } else { decision })
            }
            _ => Ok(decision),
        }
    }
}

fn one_more(limit: &Limit) -> Limit {
    let (max, window) = (limit.max() + 1, limit.window());
    match limit.algorithm() {
        Algorithm::FixedWindow => Limit::fixed_window(max, window),
        Algorithm::SlidingWindow => Limit::sliding_window(max, window),
        Algorithm::SlidingLog => Limit::sliding_log(max, window),
        _ => Ok(*limit),
    }
    .unwrap()
}

#[test]
fn one_too_many() {
    // Who admits one too many one by one does so at once too.
    let cases = ["rates::as_many_hits_fit_as_the_limit_says", "rates::hits_at_once_admit_as_many_as_fit"];
    let broken = caught_by_all(&cases, || calls(OneTooMany));
    assert_eq!(broken.wanted(), "denied");
}

/// Adds one entry to a log, whatever the cost.
#[derive(Debug)]
struct AHitOfALogIsOneEntry;

#[async_trait]
impl Calls for AHitOfALogIsOneEntry {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let one =
            |charge: &Charge<'_>| charge.limit().algorithm() == Algorithm::SlidingLog && charge.cost() > 1;
        match alone(charges) {
            Some(charge) if one(charge) && right.peek(charges).await?.is_allowed() => {
                right.hit(&[charge.with_cost(1)]).await
            }
            _ => right.hit(charges).await,
        }
    }
}

#[test]
fn a_hit_of_a_log_is_one_entry() {
    caught_by("rates::a_cost_counts_as_so_many_units", || calls(AHitOfALogIsOneEntry));
}

/// Takes a cost of zero for the usual one.
#[derive(Debug)]
struct ZeroIsOne;

#[async_trait]
impl Calls for ZeroIsOne {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let at_least_one = charges.iter().map(|charge| charge.with_cost(charge.cost().max(1)));
        right.hit(&at_least_one.collect::<Vec<_>>()).await
    }
}

#[test]
fn zero_is_one() {
    caught_by("rates::a_cost_of_zero_uses_nothing_up", || calls(ZeroIsOne));
}

/// Stores the cost of a new key without looking at the limit.
#[derive(Debug)]
struct TheFirstHitIsNotChecked;

#[async_trait]
impl Calls for TheFirstHitIsNotChecked {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        match alone(charges).zip(decision.outcomes().first()) {
            Some((charge, outcome)) if is_first(charge, outcome) => {
                let all = charge.limit().capacity();
                right.hit(&[charge.with_cost(all)]).await
            }
            _ => Ok(decision),
        }
    }
}

fn is_first(charge: &Charge<'_>, outcome: &Outcome) -> bool {
    let fresh = outcome.remaining() == charge.limit().capacity() && charge.limit().max() > 0;
    fresh && charge.cost() > charge.limit().capacity()
}

#[test]
fn the_first_hit_is_not_checked() {
    let case = "rates::a_cost_above_the_capacity_never_fits";
    assert_eq!(caught_by(case, || calls(TheFirstHitIsNotChecked)).wanted(), "denied");
}

/// Tells to wait for what never fits.
#[derive(Debug)]
struct NeverIsAWait;

#[async_trait]
impl Calls for NeverIsAWait {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        Ok(with_a_wait(&right.hit(charges).await?, charges))
    }

    async fn peek(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        Ok(with_a_wait(&right.peek(charges).await?, charges))
    }
}

fn with_a_wait(decision: &Decision, charges: &[Charge<'_>]) -> Decision {
    retold(decision, |outcome, told| {
        let limit = charges[outcome.charge()].limit();
        if outcome.retry_after() == Some(Retry::Never) && limit.max() > 0 {
            told.retry_after = Some(Retry::After(limit.window()));
        }
    })
}

#[test]
fn never_is_a_wait() {
    let broken = caught_by("rates::a_cost_above_the_capacity_never_fits", || calls(NeverIsAWait));
    assert_eq!(broken.wanted(), "that it never fits");
}

/// Takes a limit of zero for none.
#[derive(Debug)]
struct ZeroIsUnlimited;

#[async_trait]
impl Calls for ZeroIsUnlimited {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        match alone(charges) {
            Some(charge) if charge.limit().max() == 0 && charge.cost() > 0 => {
                right.hit(&[Charge::new(charge.key(), &Limit::UNLIMITED)]).await
            }
            _ => right.hit(charges).await,
        }
    }
}

#[test]
fn zero_is_unlimited() {
    caught_by("rates::a_limit_of_zero_never_fits", || calls(ZeroIsUnlimited));
}

/// Tells of an allowed hit what was left before it.
#[derive(Debug)]
struct RemainingBefore;

#[async_trait]
impl Calls for RemainingBefore {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        Ok(retold(&decision, |outcome, told| {
            if outcome.is_allowed() && outcome.charged_at_ms().is_some() {
                told.remaining += charges[outcome.charge()].cost();
            }
        }))
    }
}

#[test]
fn remaining_before() {
    let broken = caught_by("rates::remaining_tells_what_is_left", || calls(RemainingBefore));
    assert_eq!(broken.wanted(), "3 remaining");
}

/// Tells what was used as if it were what is left.
#[derive(Debug)]
struct RemainingCountsUp;

#[async_trait]
impl Calls for RemainingCountsUp {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        Ok(retold(&decision, |outcome, told| {
            if outcome.charged_at_ms().is_some() {
                told.remaining = charges[outcome.charge()].limit().capacity() - told.remaining;
            }
        }))
    }
}

#[test]
fn remaining_counts_up() {
    caught_by("rates::remaining_tells_what_is_left", || calls(RemainingCountsUp));
}

/// Counts the largest number instead of none.
#[derive(Debug)]
struct UnlimitedRunsOut;

#[async_trait]
impl Calls for UnlimitedRunsOut {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let most = Limit::fixed_window(EXACT, std::time::Duration::from_secs(86_400)).unwrap();
        match alone(charges) {
            Some(charge) if charge.limit().is_unlimited() => {
                right.hit(&[Charge::new(charge.key(), &most).with_cost(charge.cost())]).await
            }
            _ => right.hit(charges).await,
        }
    }
}

#[test]
fn unlimited_runs_out() {
    caught_by("rates::an_unlimited_limit_always_fits", || calls(UnlimitedRunsOut));
}

/// Answers in the order in which the store keeps the counters.
#[derive(Debug)]
struct OutcomesInTheStoresOrder;

#[async_trait]
impl Calls for OutcomesInTheStoresOrder {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let mut sorted = charges.to_vec();
        sorted.sort_by_key(|charge| charge.limit().algorithm().as_str());
        let decision = right.hit(if charges.len() <= 64 { &sorted } else { charges }).await?;
        Ok(Decision::new(Source::Store, decision.outcomes().iter().copied()))
    }
}

#[test]
fn outcomes_in_the_stores_order() {
    caught_by("rates::outcomes_stand_in_the_order_of_the_charges", || calls(OutcomesInTheStoresOrder));
}
