//! Rates: keys and arguments in, outcomes out.

mod apart;
mod line;

use limiter_core::{Charge, Decision, Key, Limit, Outcome, Receipt, Result, Source, check_charges};

use crate::reply::count;
use crate::script::{Script, script};
use crate::store::{Store, Words};
use line::{Line, keys_of, outcomes};

pub(super) static HIT: Script = script!("hit");
static REFUND: Script = script!("refund");
static RESET: Script = script!("reset");

/// Rates in a store.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    store: Store,
}

/// What is asked of the script that hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// To make all charges or none.
    Charge,
    /// To count the denied hits that count, since another part of the call was denied.
    Deny,
    /// To change nothing.
    Look,
}

impl Act {
    const fn word(self) -> &'static str {
        match self {
            Self::Charge => "",
            Self::Deny => "deny",
            Self::Look => "peek",
        }
    }
}

impl Rates {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    pub(crate) async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.decide("hit", charges, Act::Charge).await
    }

    pub(crate) async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.decide("peek", charges, Act::Look).await
    }

    pub(crate) async fn refund(&self, receipt: Receipt) -> Result<()> {
        let charged = receipt
            .lines()
            .iter()
            .filter_map(|line| Some(self.line(0, &line.charge())?.charged_at(line.charged_at_ms())));
        let lines: Vec<_> = charged.collect();
        let parts = self.parts(&lines);
        match parts.as_slice() {
            [] => Ok(()),
            [lines] => self.give_back("refund", lines).await,
            _ => self.clone().refund_apart(parts).await,
        }
    }

    pub(crate) async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        let Some(line) = self.line(0, &Charge::new(key, limit)) else { return Ok(()) };
        let keys = keys_of(std::slice::from_ref(&line));
        let reply = self.store.run(&RESET, ("reset", true), &keys, Words { numbers: &[], word: "" }).await?;
        count(&reply, keys.len())
    }

    async fn decide(&self, operation: &'static str, charges: &[Charge<'_>], act: Act) -> Result<Decision> {
        check_charges(charges).map_err(|error| error.with_operation(operation))?;
        let lines: Vec<_> =
            charges.iter().enumerate().filter_map(|(place, charge)| self.line(place, charge)).collect();
        let mut told = if lines.is_empty() {
            Vec::new()
        } else if self.store.is_one() {
            self.ask(operation, &lines, act).await?
        } else {
            self.ask_parts(operation, &lines, act).await?
        };
        told.extend(line::unlimited(charges));
        told.sort_unstable_by_key(Outcome::charge);
        Ok(Decision::new(Source::Store, told))
    }

    async fn ask_parts(&self, operation: &'static str, lines: &[Line], act: Act) -> Result<Vec<Outcome>> {
        let parts = self.parts(lines);
        match parts.as_slice() {
            [lines] => self.ask(operation, lines, act).await,
            _ if act == Act::Look => self.look_apart(operation, parts).await,
            _ => self.clone().hit_apart(parts).await,
        }
    }

    /// One call of the script that hits.
    async fn ask(&self, operation: &'static str, lines: &[Line], act: Act) -> Result<Vec<Outcome>> {
        let numbers: Vec<_> = lines.iter().map(Line::numbers).collect();
        let words = Words { numbers: numbers.as_flattened(), word: act.word() };
        let changes = act != Act::Look;
        let reply = self.store.run(&HIT, (operation, changes), &keys_of(lines), words).await?;
        outcomes(&reply, lines, act == Act::Charge).map_err(|error| {
            let error = error.with_operation(operation);
            if changes { error.possibly_charged() } else { error }
        })
    }

    /// Gives back what lines charged when they say.
    async fn give_back(&self, operation: &'static str, lines: &[Line]) -> Result<()> {
        let numbers: Vec<_> = lines.iter().map(Line::numbers_of_refund).collect();
        let words = Words { numbers: numbers.as_flattened(), word: "" };
        let reply = self.store.run(&REFUND, (operation, true), &keys_of(lines), words).await?;
        count(&reply, lines.len()).map_err(|error| error.with_operation(operation).possibly_charged())
    }

    /// The line of a charge; `None` for one that is unlimited, of which nothing is stored.
    fn line(&self, place: usize, charge: &Charge<'_>) -> Option<Line> {
        Line::new(place, charge, self.store.names.rate(charge.key(), charge.limit()))
    }

    /// Lines that live together, each part in one list.
    fn parts(&self, lines: &[Line]) -> Vec<Vec<Line>> {
        let names: Vec<_> = lines.iter().map(Line::name).collect();
        let parts = self.store.parts(&names);
        parts
            .into_iter()
            .map(|places| places.into_iter().map(|place| lines[place].clone()).collect())
            .collect()
    }
}
