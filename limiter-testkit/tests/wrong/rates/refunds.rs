//! Faults about giving back.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{
    Algorithm, Charge, Decision, Key, Outcome, RateLimiter, Receipt, ReceiptLine, Result, Source,
};
use limiter_testkit::Model;

use super::calls::{Calls, calls};
use super::store::{Keeping, keeping};
use crate::judge::caught_by;

/// The same receipt, each of its lines changed.
fn rewritten(receipt: &Receipt, line: impl Fn(&ReceiptLine) -> (u64, u64)) -> Receipt {
    let mut other = Receipt::new(receipt.source());
    for written in receipt.lines() {
        let (cost, charged_at_ms) = line(written);
        other.add(&written.charge().with_cost(cost), charged_at_ms).unwrap();
    }
    other
}

fn of_log(line: &ReceiptLine) -> bool {
    line.charge().limit().algorithm() == Algorithm::SlidingLog
}

/// Takes one unit out of a log, whatever the cost.
#[derive(Debug)]
struct GivesOneUnitBack;

#[async_trait]
impl Calls for GivesOneUnitBack {
    async fn refund(&self, right: &Model, receipt: Receipt) -> Result<()> {
        let cost = |line: &ReceiptLine| if of_log(line) { 1 } else { line.charge().cost() };
        right.refund(rewritten(&receipt, |line| (cost(line), line.charged_at_ms()))).await
    }
}

#[test]
fn gives_one_unit_back() {
    caught_by("rates::a_refund_gives_back_what_was_charged", || calls(GivesOneUnitBack));
}

/// Lets a count go below zero: what is given back too much fits on top of the limit.
#[derive(Debug, Default)]
struct BelowZero(Mutex<HashMap<Key, u64>>);

#[async_trait]
impl Calls for BelowZero {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        match charges {
            [charge] if !decision.is_allowed() && self.covers(charge) => {
                Ok(Decision::of_one(Source::Store, Outcome::fitting(0, 0, 0)))
            }
            _ => Ok(decision),
        }
    }

    async fn refund(&self, right: &Model, receipt: Receipt) -> Result<()> {
        for line in receipt.lines() {
            let peeked = right.peek(&[line.charge().with_cost(0)]).await?;
            let used = line.charge().limit().capacity() - peeked.outcomes()[0].remaining();
            let too_much = line.charge().cost().saturating_sub(used);
            *self.0.lock().unwrap().entry(line.charge().key().clone()).or_default() += too_much;
        }
        right.refund(receipt).await
    }
}

impl BelowZero {
    fn covers(&self, charge: &Charge<'_>) -> bool {
        self.0.lock().unwrap().get(charge.key()).is_some_and(|below| *below >= charge.cost())
    }
}

#[test]
fn below_zero() {
    let broken = caught_by("rates::a_refund_never_goes_beyond_full", || calls(BelowZero::default()));
    assert_eq!(broken.wanted(), "denied");
}

/// Decrements the count that is there, whatever window it belongs to.
#[derive(Debug)]
struct ToTheCurrentWindow;

impl Keeping for ToTheCurrentWindow {
    fn refund(
        &self,
        counter: &mut AnyCounter,
        charge: &Charge<'_>,
        charged_at_ms: u64,
        clock_ms: u64,
    ) -> bool {
        let fixed = matches!(counter, AnyCounter::FixedWindow(_));
        counter.refund(charge, if fixed { clock_ms } else { charged_at_ms }, clock_ms)
    }
}

#[test]
fn to_the_current_window() {
    caught_by("rates::a_refund_to_a_window_that_has_gone_gives_nothing", || keeping(ToTheCurrentWindow));
}

/// Gives nothing back to the previous window, although it counts.
#[derive(Debug)]
struct ToTheCurrentWindowAlone;

impl Keeping for ToTheCurrentWindowAlone {
    fn refund(
        &self,
        counter: &mut AnyCounter,
        charge: &Charge<'_>,
        charged_at_ms: u64,
        clock_ms: u64,
    ) -> bool {
        let gone = charged_at_ms < clock_ms - clock_ms % charge.limit().window_ms();
        if matches!(counter, AnyCounter::SlidingWindow(_)) && gone {
            return false;
        }
        counter.refund(charge, charged_at_ms, clock_ms)
    }
}

#[test]
fn to_the_current_window_alone() {
    caught_by("rates::a_refund_to_the_previous_window_is_weighed", || keeping(ToTheCurrentWindowAlone));
}

/// Takes the oldest entries out of a log.
#[derive(Debug, Default)]
struct FromTheOldestEntry(Mutex<HashMap<Key, VecDeque<u64>>>);

#[async_trait]
impl Calls for FromTheOldestEntry {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.hit(charges).await?;
        for outcome in decision.outcomes() {
            let made_at_ms = outcome.charged_at_ms();
            let mut made = self.0.lock().unwrap();
            made.entry(charges[outcome.charge()].key().clone()).or_default().extend(made_at_ms);
        }
        Ok(decision)
    }

    async fn refund(&self, right: &Model, receipt: Receipt) -> Result<()> {
        let oldest = |line: &ReceiptLine| match self.0.lock().unwrap().get_mut(line.charge().key()) {
            Some(made) if of_log(line) => made.pop_front().unwrap_or(line.charged_at_ms()),
            _ => line.charged_at_ms(),
        };
        right.refund(rewritten(&receipt, |line| (line.charge().cost(), oldest(line)))).await
    }
}

#[test]
fn from_the_oldest_entry() {
    let case = "rates::a_refund_takes_the_entry_of_its_own_time";
    caught_by(case, || calls(FromTheOldestEntry::default()));
}

/// Gives back to a bucket as if nothing had flowed in since.
#[derive(Debug)]
struct WithoutDecay;

impl Keeping for WithoutDecay {
    fn refund(
        &self,
        counter: &mut AnyCounter,
        charge: &Charge<'_>,
        charged_at_ms: u64,
        clock_ms: u64,
    ) -> bool {
        let bucket = matches!(counter, AnyCounter::TokenBucket(_));
        counter.refund(charge, if bucket { clock_ms } else { charged_at_ms }, clock_ms)
    }
}

#[test]
fn without_decay() {
    caught_by("rates::a_bucket_gives_back_only_what_has_not_flowed_in", || keeping(WithoutDecay));
}
