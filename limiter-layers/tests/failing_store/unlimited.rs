//! A circuit breaker around a store that, as those behind a network do, isn't asked for what is unlimited.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Charge, Decision, EXACT, Error, ErrorKind, Key, Limit, Outcome, RateLimiter, RateLimiterExt, Receipt,
    Result, Source,
};
use limiter_layers::{CircuitBreaker, CircuitBreakerLayer};
use tokio::time::sleep;

use crate::operations::{LIMIT, key};

const UNLIMITED: Limit = Limit::UNLIMITED;

/// Down, and counts who asks.
#[derive(Debug, Default)]
struct Down {
    asked: AtomicUsize,
}

impl Down {
    fn ask<T>(&self, limits: &[&Limit], answer: T) -> Result<T> {
        if limits.iter().all(|limit| limit.is_unlimited()) {
            return Ok(answer);
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        Err(Error::new(ErrorKind::Unavailable, "planted"))
    }

    fn decide(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let limits: Vec<_> = charges.iter().map(Charge::limit).collect();
        self.ask(&limits, Decision::new(Source::Store, [Outcome::fitting(0, EXACT, 0)]))
    }
}

#[async_trait]
impl RateLimiter for Down {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.decide(charges)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.decide(charges)
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let charges: Vec<_> = receipt.lines().iter().map(limiter_core::ReceiptLine::charge).collect();
        let limits: Vec<_> = charges.iter().map(Charge::limit).collect();
        self.ask(&limits, ())
    }

    async fn reset(&self, _: &Key, limit: &Limit) -> Result<()> {
        self.ask(&[limit], ())
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        charges.iter().all(|charge| charge.limit().is_unlimited()).then(|| self.decide(charges))
    }
}

fn wrapped() -> (Arc<Down>, CircuitBreaker<Arc<dyn RateLimiter>>) {
    let store = Arc::new(Down::default());
    let breaker = CircuitBreaker::new(store.clone() as Arc<dyn RateLimiter>, CircuitBreakerLayer::default());
    (store, breaker)
}

/// Every call that needs no store.
async fn ask_nobody(breaker: &CircuitBreaker<Arc<dyn RateLimiter>>) {
    let (key, other) = (key(), Key::new("chat", "other").unwrap());
    let charges = [Charge::new(&key, &UNLIMITED), Charge::new(&other, &UNLIMITED)];
    let mut receipt = Receipt::new(Source::Store);
    breaker.refund(Receipt::new(Source::Store)).await.unwrap();
    receipt.add(&charges[0], 1).unwrap();
    breaker.refund(receipt).await.unwrap();
    breaker.reset(&key, &UNLIMITED).await.unwrap();
    assert!(breaker.hit(&charges).await.unwrap().is_allowed());
    assert!(breaker.hit_now(&charges).unwrap().unwrap().is_allowed());
    assert!(breaker.peek(&charges).await.unwrap().is_allowed());
}

#[tokio::test(start_paused = true)]
async fn what_is_unlimited_is_no_sign_that_the_store_works() {
    let (store, breaker) = wrapped();
    for _ in 0..20 {
        assert!(breaker.hit_one(&key(), &LIMIT).await.is_err());
        ask_nobody(&breaker).await;
    }
    assert_eq!(store.asked.load(Ordering::SeqCst), 5, "it has opened");
}

#[tokio::test(start_paused = true)]
async fn nor_is_it_the_probe() {
    let (store, breaker) = wrapped();
    for _ in 0..5 {
        assert!(breaker.hit_one(&key(), &LIMIT).await.is_err());
    }
    sleep(Duration::from_secs(2)).await;
    ask_nobody(&breaker).await;
    for _ in 0..20 {
        assert!(breaker.hit_one(&key(), &LIMIT).await.is_err());
    }
    assert_eq!(store.asked.load(Ordering::SeqCst), 6, "the probe has failed");
}

#[tokio::test(start_paused = true)]
async fn what_is_limited_too_is_kept_from_the_store() {
    let (store, breaker) = wrapped();
    let (key, other) = (key(), Key::new("chat", "other").unwrap());
    let charges = [Charge::new(&key, &UNLIMITED), Charge::new(&other, &LIMIT)];
    for _ in 0..20 {
        assert!(breaker.hit(&charges).await.is_err());
    }
    assert_eq!(store.asked.load(Ordering::SeqCst), 5);
}
