//! Faults about what a denial does.

use async_trait::async_trait;
use limiter_core::{Charge, Decision, RateLimiter, Result, check_charges};
use limiter_testkit::Model;

use super::calls::{Calls, calls};
use crate::judge::{caught_by, caught_by_all};

/// Charges what it denies, as far as it fits: the counter is full afterwards.
#[derive(Debug)]
struct DeniedHitsCharged;

#[async_trait]
impl Calls for DeniedHitsCharged {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        if let ([charge], false) = (charges, decision.is_allowed())
            && charge.cost() <= charge.limit().capacity()
        {
            let rest = decision.outcomes()[0].remaining();
            let _ = right.hit(&[charge.with_cost(rest)]).await?;
        }
        Ok(decision)
    }
}

#[test]
fn denied_hits_charged() {
    let broken = caught_by("rates::a_denied_hit_charges_nothing", || calls(DeniedHitsCharged));
    assert_eq!(broken.wanted(), "allowed");
}

/// Doesn't count denied hits where the limit says so.
#[derive(Debug)]
struct DeniedHitsNotCounted;

#[async_trait]
impl Calls for DeniedHitsNotCounted {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let peeked = right.peek(charges).await?;
        if peeked.is_allowed() { right.hit(charges).await } else { Ok(peeked) }
    }
}

#[test]
fn denied_hits_not_counted() {
    let case = "rates::a_limit_that_counts_denied_hits_charges_them";
    caught_by(case, || calls(DeniedHitsNotCounted));
}

/// Counts a denied call in every limit that counts denied hits.
#[derive(Debug)]
struct EveryLimitCountsTheDenial;

#[async_trait]
impl Calls for EveryLimitCountsTheDenial {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        if !decision.is_allowed() {
            let fit = decision.outcomes().iter().filter(|outcome| outcome.is_allowed());
            for outcome in fit.filter(|outcome| charges[outcome.charge()].limit().counts_denied()) {
                let _ = right.hit(&charges[outcome.charge()..=outcome.charge()]).await?;
            }
        }
        Ok(decision)
    }
}

#[test]
fn every_limit_counts_the_denial() {
    caught_by("rates::only_the_limit_that_denies_counts_the_denial", || calls(EveryLimitCountsTheDenial));
}

/// Charges one after the other until one denies, and gives nothing back.
#[derive(Debug)]
pub(crate) struct OneByOne {
    pub(crate) several_keys: bool,
}

#[async_trait]
impl Calls for OneByOne {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges)?;
        if charges.len() == 1 || over_several_keys(charges) != self.several_keys {
            return right.hit(charges).await;
        }
        let peeked = right.peek(charges).await?;
        for charge in charges {
            if !right.hit(&[*charge]).await?.is_allowed() {
                return if peeked.is_allowed() { right.peek(charges).await } else { Ok(peeked) };
            }
        }
        Ok(peeked)
    }
}

fn over_several_keys(charges: &[Charge<'_>]) -> bool {
    charges.iter().any(|charge| charge.key() != charges[0].key())
}

#[test]
fn one_limit_by_one() {
    // What isn't given back isn't when many come at once either.
    let cases =
        ["rates::a_denied_call_charges_none_of_its_limits", "rates::calls_of_several_limits_at_once_add_up"];
    caught_by_all(&cases, || calls(OneByOne { several_keys: false }));
}

#[test]
fn one_key_by_one() {
    // As above.
    let cases =
        ["rates::a_denied_call_charges_none_of_its_keys", "rates::calls_over_several_keys_at_once_add_up"];
    caught_by_all(&cases, || calls(OneByOne { several_keys: true }));
}

/// Has room for so many charges in a call, and leaves the others out.
#[derive(Debug)]
struct OnlyTheFirstThree {
    several_keys: bool,
}

#[async_trait]
impl Calls for OnlyTheFirstThree {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges)?;
        let decision = right.peek(charges).await?;
        if over_several_keys(charges) != self.several_keys || charges.len() <= 4 {
            return right.hit(charges).await;
        }
        let _ = right.hit(&charges[..3]).await?;
        Ok(decision)
    }
}

#[test]
fn only_the_first_three_limits() {
    let make = || calls(OnlyTheFirstThree { several_keys: false });
    caught_by("rates::an_allowed_call_charges_all_its_limits", make);
}

#[test]
fn only_the_first_three_keys() {
    let make = || calls(OnlyTheFirstThree { several_keys: true });
    caught_by("rates::an_allowed_call_charges_all_its_keys", make);
}
