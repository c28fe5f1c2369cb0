//! A cache whose every answer is held against the store's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Charge, Clock, Decision, Key, Limit, Outcome, RateLimiter, Receipt, Result, Retry, Source,
};
use limiter_layers::DenyCache;

/// Rates behind a cache. Where the cache answers, the store is looked at too: it has to refuse as well, and what the
/// cache tells has to be what it would tell. The store's words are handed on, for they name all charges. So a suite over
/// this one proves the cache call by call.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) cache: DenyCache<Arc<dyn RateLimiter>>,
    pub(crate) store: Arc<dyn RateLimiter>,
    pub(crate) clock: Arc<dyn Clock>,
    /// By how much two looks at a clock that runs may differ.
    pub(crate) slack: Duration,
}

impl Compared {
    async fn judged(&self, told: Decision, charges: &[Charge<'_>], asked_ms: u64) -> Result<Decision> {
        if told.source() != Source::Cache {
            return Ok(told);
        }
        assert!(!told.is_allowed() && !told.outcomes().is_empty());
        let truth = self.store.peek(charges).await?;
        if truth.is_allowed() && self.may_have_ended(&told, asked_ms) {
            return self.store.hit(charges).await;
        }
        assert!(!truth.is_allowed(), "it fits, and was denied: {told:?}");
        for outcome in told.outcomes() {
            self.judge(outcome, &truth.outcomes()[outcome.charge()], &charges[outcome.charge()]);
        }
        Ok(truth)
    }

    fn judge(&self, told: &Outcome, truth: &Outcome, charge: &Charge<'_>) {
        assert!(!charge.limit().counts_denied(), "a denied hit had to be counted");
        assert_eq!(told.charge(), truth.charge());
        let (wait, true_wait) = (after(told), after(truth));
        assert!(
            self.alike(wait, true_wait),
            "told to wait {wait:?} for {charge:?}, the store says {truth:?}"
        );
        let (reset, true_reset) = (told.reset_after(), truth.reset_after());
        assert!(self.alike(reset, true_reset), "told to reset in {reset:?}, the store says {true_reset:?}");
        assert!(told.remaining() <= truth.remaining(), "{told:?}, the store says {truth:?}");
    }

    /// What is told first may be longer, by the time between and by the way.
    fn alike(&self, told: Duration, truth: Duration) -> bool {
        (truth..=truth + self.slack).contains(&told)
    }

    /// In real time it may have ended between the two looks.
    fn may_have_ended(&self, told: &Decision, asked_ms: u64) -> bool {
        let wait = told.retry_after().and_then(Retry::after).unwrap();
        !self.slack.is_zero() && u128::from(self.clock.now_ms() - asked_ms) >= wait.as_millis()
    }
}

fn after(outcome: &Outcome) -> Duration {
    outcome.retry_after().and_then(Retry::after).unwrap()
}

#[async_trait]
impl RateLimiter for Compared {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let asked_ms = self.clock.now_ms();
        self.judged(self.cache.hit(charges).await?, charges, asked_ms).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.cache.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.cache.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.cache.reset(key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let asked_ms = self.clock.now_ms();
        let told = match self.cache.hit_now(charges)? {
            Ok(told) => told,
            Err(error) => return Some(Err(error)),
        };
        let mut judged = Box::pin(self.judged(told, charges, asked_ms));
        let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
        match judged.as_mut().poll(context) {
            std::task::Poll::Ready(decision) => Some(decision),
            std::task::Poll::Pending => panic!("the store answers at once"),
        }
    }
}
