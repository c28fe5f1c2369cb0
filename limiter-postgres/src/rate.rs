//! Rates: charges in, decisions out.

mod alone;
mod asked;
mod batch;
mod driven;
mod lane;
mod lanes;
mod line;
mod queue;
mod sending;
mod shared;
#[cfg(test)]
mod tests;
mod waiting;

use limiter_core::{Charge, Decision, Error, Key, Limit, Outcome, Receipt, Result, Source, check_charges};

use self::lanes::Lanes;
use self::line::{Line, outcomes};
use crate::call::{Argument, Call};
use crate::reply::numbers;
use crate::store::Store;

/// Rates in a store.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    store: Store,
    durable: bool,
    lanes: Lanes,
}

impl Rates {
    pub(crate) fn new(store: Store, durable: bool) -> Self {
        let lanes = Lanes::new(store.clone(), durable);
        Self { store, durable, lanes }
    }

    pub(crate) async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let lines = self.lines("hit", charges)?;
        if lines.is_empty() {
            return Ok(decision(charges, Vec::new()));
        }
        let (lines, told) = self.lanes.hit(lines).await.map_err(|error| error.with_operation("hit"))?;
        let outcomes = outcomes(&lines, &told);
        outcomes
            .map(|told| decision(charges, told))
            .map_err(|error| error.with_operation("hit").possibly_charged())
    }

    pub(crate) async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let lines = self.lines("peek", charges)?;
        if lines.is_empty() {
            return Ok(decision(charges, Vec::new()));
        }
        let counters = lines.iter().map(|line| line.counter().to_vec()).collect();
        let charged: Vec<_> = lines.iter().map(Line::numbers).collect();
        let call = Call::new("peek_many", "peek", false)
            .with(Argument::Keys(counters))
            .with(Argument::Numbers(charged.into_flattened()));
        let rows = self.store.read(call).await?;
        let told = numbers(&rows).and_then(|told| outcomes(&lines, &told));
        told.map(|told| decision(charges, told)).map_err(|error| error.with_operation("peek"))
    }

    pub(crate) async fn refund(&self, receipt: Receipt) -> Result<()> {
        let lines = receipt.lines().iter();
        let mut left: Vec<_> = lines
            .filter_map(|line| Some((Line::new(0, &line.charge(), &self.store.names)?, line.charged_at_ms())))
            .collect();
        let mut any_done = false;
        // A counter may stand in a receipt several times, and once in a call.
        while !left.is_empty() {
            let (mut now, mut later) = (Vec::<(Line, u64)>::new(), Vec::new());
            for one in left {
                let again = now.iter().any(|(line, _)| line.counter() == one.0.counter());
                if again { later.push(one) } else { now.push(one) }
            }
            let given_back = self.give_back(&now).await;
            given_back.map_err(|error| if any_done { error.possibly_charged() } else { error })?;
            (left, any_done) = (later, true);
        }
        Ok(())
    }

    pub(crate) async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        let Some(line) = Line::new(0, &Charge::new(key, limit), &self.store.names) else { return Ok(()) };
        let counter = line.counter().to_vec();
        let call = Call::new("reset_rate", "reset", true).with(Argument::Key(counter.clone()));
        self.store.change(self.durable, &[counter], call).await.map(drop)
    }

    /// From now on nothing is sent but what waits already.
    pub(crate) fn close(&self) {
        self.lanes.close();
    }

    async fn give_back(&self, lines: &[(Line, u64)]) -> Result<()> {
        let counters: Vec<_> = lines.iter().map(|(line, _)| line.counter().to_vec()).collect();
        let numbers = lines.iter().flat_map(|(line, charged_at_ms)| {
            line.numbers().into_iter().chain([charged_at_ms.cast_signed()])
        });
        let call = Call::new("refund_many", "refund", true)
            .with(Argument::Keys(counters.clone()))
            .with(Argument::Numbers(numbers.collect()));
        self.store.change(self.durable, &counters, call).await.map(drop)
    }

    /// The lines of the charges that are limited.
    fn lines(&self, operation: &'static str, charges: &[Charge<'_>]) -> Result<Vec<Line>> {
        let wrong = |error: Error| error.with_operation(operation);
        check_charges(charges).map_err(wrong)?;
        let line = |(place, charge)| Line::new(place, charge, &self.store.names);
        Ok(charges.iter().enumerate().filter_map(line).collect())
    }
}

/// The decision over all charges, of which those that are unlimited aren't told by the store.
fn decision(charges: &[Charge<'_>], mut told: Vec<Outcome>) -> Decision {
    if told.len() < charges.len() {
        told.extend(line::unlimited(charges));
        told.sort_unstable_by_key(Outcome::charge);
    }
    Decision::new(Source::Store, told)
}
