//! A cache whose every answer is held against the store's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Algorithm, Charge, Clock, Decision, Key, Limit, Outcome, RateLimiter, Receipt, Result, Retry, Source,
};
use limiter_layers::DenyCache;

/// Rates behind a cache. Where the cache answers, the store is looked at too: it has to refuse as well, and what the
/// cache tells has to be what it would tell. The store's words are handed on, for they name all charges. So a suite over
/// this one proves the cache call by call.
#[derive(Debug)]
pub(crate) struct Compared {
    cache: DenyCache<Arc<dyn RateLimiter>>,
    store: Arc<dyn RateLimiter>,
    clock: Arc<dyn Clock>,
    /// By how much two looks at a clock that runs may differ.
    slack: Duration,
    /// How many calls have begun, and how many have ended.
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Whether calls were under way together. Of these one may have been denied before another charged, and be remembered
    /// after it: what is left and how long to wait is then as the first was told.
    overlapped: AtomicBool,
    /// By which limit each bucket was charged last.
    buckets: Mutex<HashMap<(Key, u64), Limit>>,
}

impl Compared {
    pub(crate) fn new(
        cache: DenyCache<Arc<dyn RateLimiter>>,
        store: Arc<dyn RateLimiter>,
        clock: Arc<dyn Clock>,
        slack: Duration,
    ) -> Self {
        let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let overlapped = AtomicBool::new(false);
        Self { cache, store, clock, slack, begun, ended, overlapped, buckets: Mutex::default() }
    }

    async fn judged(&self, told: Decision, charges: &[Charge<'_>], asked: &Asked<'_>) -> Result<Decision> {
        if told.source() != Source::Cache {
            self.note(&told, charges);
            return Ok(told);
        }
        assert!(!told.is_allowed() && !told.outcomes().is_empty());
        let truth = self.store.peek(charges).await?;
        let others = !asked.alone || self.begun.load(Ordering::SeqCst) != asked.begun;
        if others || truth.is_allowed() && self.may_fit(&told, charges, asked.at_ms) {
            let decision = self.store.hit(charges).await?;
            self.note(&decision, charges);
            return Ok(decision);
        }
        assert!(!truth.is_allowed(), "it fits, and was denied: {told:?}");
        if self.overlapped.load(Ordering::SeqCst) {
            return Ok(truth);
        }
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

    /// In real time it may have ended between the two looks. A bucket that another limit has charged may fill sooner
    /// than the store has told.
    fn may_fit(&self, told: &Decision, charges: &[Charge<'_>], asked_ms: u64) -> bool {
        let wait = told.retry_after().and_then(Retry::after).unwrap();
        let ended = !self.slack.is_zero() && u128::from(self.clock.now_ms() - asked_ms) >= wait.as_millis();
        let buckets = self.buckets.lock().unwrap();
        let by_another = |charge: &Charge<'_>| {
            let last = buckets.get(&(charge.key().clone(), charge.limit().window_ms()));
            charge.limit().algorithm() == Algorithm::TokenBucket && last != Some(charge.limit())
        };
        ended || told.outcomes().iter().all(|outcome| by_another(&charges[outcome.charge()]))
    }

    /// Notes which limits have charged.
    fn note(&self, decision: &Decision, charges: &[Charge<'_>]) {
        for outcome in decision.outcomes().iter().filter(|outcome| outcome.charged_at_ms().is_some()) {
            let charge = &charges[outcome.charge()];
            let bucket = (charge.key().clone(), charge.limit().window_ms());
            if charge.limit().algorithm() == Algorithm::TokenBucket {
                self.buckets.lock().unwrap().insert(bucket, *charge.limit());
            }
        }
    }

    fn begin(&self) -> Asked<'_> {
        let ended = self.ended.load(Ordering::SeqCst);
        let begun = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let alone = begun == ended + 1;
        if !alone {
            self.overlapped.store(true, Ordering::SeqCst);
        }
        Asked { at_ms: self.clock.now_ms(), begun, alone, ended: &self.ended }
    }
}

/// When a call began, and whether others were under way: then what the store says after it isn't what it has said.
#[derive(Debug)]
struct Asked<'a> {
    at_ms: u64,
    begun: usize,
    alone: bool,
    ended: &'a AtomicUsize,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

fn after(outcome: &Outcome) -> Duration {
    outcome.retry_after().and_then(Retry::after).unwrap()
}

#[async_trait]
impl RateLimiter for Compared {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let asked = self.begin();
        self.judged(self.cache.hit(charges).await?, charges, &asked).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.cache.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let _asked = self.begin();
        for line in receipt.lines() {
            let bucket = (line.charge().key().clone(), line.charge().limit().window_ms());
            self.buckets.lock().unwrap().remove(&bucket);
        }
        self.cache.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        let _asked = self.begin();
        self.cache.reset(key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let asked = self.begin();
        let told = match self.cache.hit_now(charges)? {
            Ok(told) => told,
            Err(error) => return Some(Err(error)),
        };
        let mut judged = Box::pin(self.judged(told, charges, &asked));
        match judged.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(decision) => Some(decision),
            Poll::Pending => panic!("the store answers at once"),
        }
    }
}
