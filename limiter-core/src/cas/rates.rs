//! Rates over a store that compares and swaps.

use async_trait::async_trait;

use super::backend::CasBackend;
use super::name::Part;
use super::state::RateCounters;
use super::store::CasStore;
use crate::algorithm::AnyCounter;
use crate::charge::{Charge, check_charges};
use crate::decision::Decision;
use crate::error::Result;
use crate::key::Key;
use crate::limit::Limit;
use crate::rate::RateLimiter;
use crate::receipt::{Receipt, ReceiptLine};

#[async_trait]
impl<S: CasStore> RateLimiter for CasBackend<S> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.judge("hit", charges, AnyCounter::hit).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.judge("peek", charges, AnyCounter::peek).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let lines = receipt.lines();
        let keys = distinct(lines.iter().map(ReceiptLine::charge));
        self.check_keys("refund", keys.len())?;
        if keys.is_empty() {
            return Ok(());
        }
        self.decide("refund", Part::Rates, &keys, |states: &mut [RateCounters], clock_ms| {
            for line in lines {
                if let Some(state) = place(&keys, &line.charge()).and_then(|place| states.get_mut(place)) {
                    give_back(state, line, clock_ms);
                }
            }
            Ok(())
        })
        .await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.decide("reset", Part::Rates, &[key], |states: &mut [RateCounters], _| {
            states[0].remove(limit);
            Ok(())
        })
        .await
    }
}

impl<S: CasStore> CasBackend<S> {
    async fn judge(
        &self,
        operation: &'static str,
        charges: &[Charge<'_>],
        judge: fn(&mut [AnyCounter], &[Charge<'_>], u64) -> Decision,
    ) -> Result<Decision> {
        check_charges(charges).map_err(|error| error.with_operation(operation))?;
        let keys = distinct(charges.iter().copied());
        self.check_keys(operation, keys.len())?;
        if keys.is_empty() {
            let mut unlimited = vec![AnyCounter::Unlimited; charges.len()];
            return Ok(judge(&mut unlimited, charges, 0));
        }
        let judge = |states: &mut [RateCounters], clock_ms| {
            Ok(judge_in(states, charges, &keys, |counters| judge(counters, charges, clock_ms)))
        };
        self.decide(operation, Part::Rates, &keys, judge).await
    }
}

/// Judges charges by their counters, and keeps those that were charged.
fn judge_in(
    states: &mut [RateCounters],
    charges: &[Charge<'_>],
    keys: &[&Key],
    judge: impl FnOnce(&mut [AnyCounter]) -> Decision,
) -> Decision {
    let counter = |charge: &Charge<'_>| match place(keys, charge).and_then(|place| states.get(place)) {
        Some(state) => state.counter(charge.limit()),
        None => AnyCounter::Unlimited,
    };
    let mut counters: Vec<_> = charges.iter().map(counter).collect();
    let decision = judge(&mut counters);
    for ((outcome, charge), counter) in decision.outcomes().iter().zip(charges).zip(counters) {
        let state = place(keys, charge).and_then(|place| states.get_mut(place));
        if let Some(state) = state.filter(|_| outcome.charged_at_ms().is_some()) {
            state.put(charge.limit(), counter);
        }
    }
    decision
}

fn give_back(state: &mut RateCounters, line: &ReceiptLine, clock_ms: u64) {
    let charge = line.charge();
    let mut counter = state.counter(charge.limit());
    if counter.refund(&charge, line.charged_at_ms(), clock_ms) {
        state.put(charge.limit(), counter);
    }
}

/// The keys of those charges that are counted, each once.
fn distinct<'a>(charges: impl Iterator<Item = Charge<'a>>) -> Vec<&'a Key> {
    let mut keys = Vec::new();
    for charge in charges.filter(|charge| !charge.limit().is_unlimited()) {
        if !keys.contains(&charge.key()) {
            keys.push(charge.key());
        }
    }
    keys
}

/// Where the counters of a charge stand; `None` for one that isn't counted.
fn place(keys: &[&Key], charge: &Charge<'_>) -> Option<usize> {
    let counted = !charge.limit().is_unlimited();
    keys.iter().position(|key| counted && *key == charge.key())
}
