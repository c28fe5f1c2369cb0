//! A candidate's rates and the reference's, side by side.

use std::collections::HashMap;
use std::sync::Arc;

use limiter_core::{Charge, Decision, Key, ManualClock, RateLimiter, Receipt, Result as Answered, Source};

use super::call::{Call, Line, charges};
use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::sequences::keys::alike;
use crate::sequences::play::Play;
use crate::sequences::reference::{End, Reference, agreed, expect};
use crate::trial::Trial;

/// A candidate's rates and the reference's, and what their hits charged.
pub(super) struct RatesBeside {
    rates: Arc<dyn RateLimiter>,
    reference: Reference,
    keys: Vec<Key>,
    charged: HashMap<u32, Vec<(Line, u64)>>,
}

impl Play for RatesBeside {
    type Call = Call;

    fn new(candidate: &Candidate, clock: &ManualClock, trial: &Trial) -> Kept<Self> {
        let rates = candidate.backend().rates.clone();
        let keys = alike(candidate, trial)?.to_vec();
        Ok(Self { rates, reference: Reference::new(clock), keys, charged: HashMap::new() })
    }

    async fn make(&mut self, call: &Call) -> Result<(), End> {
        match call {
            Call::Hit { number, lines, at_once } => self.hit(*number, lines, *at_once).await,
            Call::Peek(lines) => {
                let charges = charges(&self.keys, lines);
                let Reference { keeping, dropping } = &self.reference;
                let wanted = agreed(keeping.peek(&charges).await, &dropping.peek(&charges).await)?;
                expect(&wanted, self.rates.peek(&charges).await).map(drop)
            }
            Call::Refund(number) => self.refund(*number).await,
            Call::Reset(Line { key, limit, .. }) => {
                let key = &self.keys[*key];
                let Reference { keeping, dropping } = &self.reference;
                let wanted = agreed(keeping.reset(key, limit).await, &dropping.reset(key, limit).await)?;
                expect(&wanted, self.rates.reset(key, limit).await).map(drop)
            }
        }
    }
}

impl RatesBeside {
    async fn hit(&mut self, number: u32, lines: &[Line], at_once: bool) -> Result<(), End> {
        let charges = charges(&self.keys, lines);
        let Reference { keeping, dropping } = &self.reference;
        let wanted = agreed(keeping.hit(&charges).await, &dropping.hit(&charges).await)?;
        let got = hit(&*self.rates, &charges, at_once).await;
        if let Some(decision) = expect(&wanted, got)? {
            let charged = decision.outcomes().iter().zip(lines);
            let charged = charged.filter_map(|(outcome, line)| Some((*line, outcome.charged_at_ms()?)));
            self.charged.insert(number, charged.collect());
        }
        Ok(())
    }

    async fn refund(&mut self, number: u32) -> Result<(), End> {
        let Some(charged) = self.charged.remove(&number) else {
            // The hit was left out, or erred.
            return Ok(());
        };
        let receipt = || receipt(&self.keys, &charged);
        let Reference { keeping, dropping } = &self.reference;
        let wanted = agreed(keeping.refund(receipt()).await, &dropping.refund(receipt()).await)?;
        expect(&wanted, self.rates.refund(receipt()).await).map(drop)
    }
}

/// A hit, answered at once where the backend can and is to.
async fn hit(rates: &dyn RateLimiter, charges: &[Charge<'_>], at_once: bool) -> Answered<Decision> {
    let answer = if at_once { rates.hit_now(charges) } else { None };
    match answer {
        Some(answer) => answer,
        None => rates.hit(charges).await,
    }
}

/// What was charged, to be given back once more.
fn receipt(keys: &[Key], charged: &[(Line, u64)]) -> Receipt {
    let mut receipt = Receipt::new(Source::Store);
    for (line, charged_at_ms) in charged {
        let charge = Charge::new(&keys[line.key], &line.limit).with_cost(line.cost);
        // What was charged is valid.
        let _ = receipt.add(&charge, *charged_at_ms);
    }
    receipt
}
