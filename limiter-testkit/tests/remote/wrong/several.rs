//! Several charges that are looked at together and made one after the other.

use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{Backend, Charge, Decision, Key, Limit, Outcome, RateLimiter, Receipt, Result, Source};
use limiter_testkit::Model;

use super::{caught, think};

/// Makes the charges of a call that fit one by one. What was made stays when a later one doesn't fit any more.
#[derive(Debug)]
struct OneAfterTheOther(Arc<Model>);

#[async_trait]
impl RateLimiter for OneAfterTheOther {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        if charges.len() == 1 || !self.0.peek(charges).await?.is_allowed() {
            return self.0.hit(charges).await;
        }
        let mut outcomes = Vec::new();
        for (place, charge) in charges.iter().enumerate() {
            let decision = self.0.hit(&[*charge]).await?;
            outcomes.extend(decision.outcomes().iter().map(|outcome| at(place, outcome)));
            think().await;
        }
        Ok(Decision::new(Source::Store, outcomes))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.0.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.0.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&*self.0, key, limit).await
    }
}

/// The outcome of a charge by itself, at its place in the call.
fn at(place: usize, alone: &Outcome) -> Outcome {
    let reset_after_ms = u64::try_from(alone.reset_after().as_millis()).unwrap();
    let outcome = match alone.retry_after() {
        None => Outcome::fitting(place, alone.remaining(), reset_after_ms),
        // Denied in the midst of a call, for a time that nobody asks for.
        Some(_) => Outcome::refused(place, alone.remaining(), reset_after_ms, None),
    };
    alone.charged_at_ms().map_or(outcome, |charged_at_ms| outcome.charged_at(charged_at_ms))
}

#[test]
fn charges_made_one_after_the_other() {
    let cases = ["shared::charges_of_several_processes_are_all_or_nothing"];
    caught("wrong::several::charges_made_one_after_the_other", &cases, |clock| {
        let model = Arc::new(Model::new(clock));
        let store = Backend::new("model", model.clone()).with_rates(Arc::new(OneAfterTheOther(model)));
        Box::new(move || store.clone())
    });
}
