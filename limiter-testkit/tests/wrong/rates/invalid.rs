//! Faults about what is to be refused.

use async_trait::async_trait;
use limiter_core::{Charge, Decision, EXACT, RateLimiter, Result, Source};
use limiter_testkit::Model;

use super::calls::{Calls, calls};
use crate::judge::caught_by;

/// Allows nothing at all: of no charges, all fit.
#[derive(Debug)]
struct NothingFits;

#[async_trait]
impl Calls for NothingFits {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        if charges.is_empty() { Ok(Decision::new(Source::Store, [])) } else { right.hit(charges).await }
    }
}

#[test]
fn nothing_fits() {
    caught_by("rates::a_call_without_charges_is_refused", || calls(NothingFits));
}

/// Makes as many charges as there is room for in a call.
#[derive(Debug)]
struct TheFirstSixtyFour;

#[async_trait]
impl Calls for TheFirstSixtyFour {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        right.hit(&charges[..charges.len().min(64)]).await
    }
}

#[test]
fn the_first_sixty_four() {
    caught_by("rates::a_call_of_too_many_charges_is_refused", || calls(TheFirstSixtyFour));
}

/// Charges what is left of a call without its repetitions.
#[derive(Debug)]
struct NamedTwiceCountsOnce;

#[async_trait]
impl Calls for NamedTwiceCountsOnce {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let same = |one: &Charge<'_>, other: &Charge<'_>| {
            one.key() == other.key() && one.limit().same_counter(other.limit())
        };
        let mut once: Vec<Charge<'_>> = Vec::new();
        for charge in charges {
            if !once.iter().any(|earlier| same(earlier, charge)) {
                once.push(*charge);
            }
        }
        right.hit(&once).await
    }
}

#[test]
fn named_twice_counts_once() {
    caught_by("rates::a_counter_named_twice_is_refused", || calls(NamedTwiceCountsOnce));
}

/// Takes a cost that is too large for the largest.
#[derive(Debug)]
struct CostsCut;

#[async_trait]
impl Calls for CostsCut {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let cut = charges.iter().map(|charge| charge.with_cost(charge.cost().min(EXACT)));
        right.hit(&cut.collect::<Vec<_>>()).await
    }
}

#[test]
fn costs_cut() {
    caught_by("rates::a_cost_above_the_largest_number_is_refused", || calls(CostsCut));
}

/// Checks each charge just before it makes it.
#[derive(Debug)]
struct CheckedTooLate;

#[async_trait]
impl Calls for CheckedTooLate {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let valid = charges.iter().take_while(|charge| charge.cost() <= EXACT).count();
        if (1..charges.len()).contains(&valid) {
            let _ = right.hit(&charges[..valid]).await?;
        }
        right.hit(charges).await
    }
}

#[test]
fn checked_too_late() {
    let broken = caught_by("rates::a_cost_above_the_largest_number_is_refused", || calls(CheckedTooLate));
    assert_eq!(broken.wanted(), "allowed");
}
