//! Every operation in every way that a script goes, each call counted.

use std::time::Duration;

use limiter_core::{
    Charge, Control, Key, Limit, QuotaTracker, RateLimiter, RateLimiterExt, Receipt, Result, SlotLimiter,
    Source,
};
use limiter_redis::RedisBackend;
use tokio::time::sleep;

use crate::operations::{LONG, lease, one_of_each, reservation, yearly};

const TTL: Duration = Duration::from_secs(60);
/// Shorter than what a test waits, longer than two calls take.
const SHORT: Duration = Duration::from_millis(300);

/// A backend, and how many of its calls were answered.
#[derive(Debug)]
pub(crate) struct Everything<'a> {
    backend: &'a RedisBackend,
    who: &'a str,
    partition: Option<&'a str>,
    calls: u64,
}

impl<'a> Everything<'a> {
    /// On keys of its own, all in one partition where one is named.
    pub(crate) const fn new(backend: &'a RedisBackend, who: &'a str, partition: Option<&'a str>) -> Self {
        Self { backend, who, partition, calls: 0 }
    }

    /// Does it all; tells how many calls were answered. Ends with the first that fails.
    pub(crate) async fn run(mut self) -> Result<u64> {
        self.backend.ping().await?;
        self.rates().await?;
        self.logs().await?;
        self.slots().await?;
        self.quotas().await?;
        Ok(self.calls)
    }

    fn key(&self, what: &str) -> Key {
        let key = Key::new("everything", &format!("{}.{what}", self.who)).unwrap();
        self.partition.map_or(key.clone(), |partition| key.with_partition(partition).unwrap())
    }

    async fn call<T>(&mut self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let answer = answer.await?;
        self.calls += 1;
        Ok(answer)
    }

    async fn rates(&mut self) -> Result<()> {
        let (rates, keys) = (self.backend, [self.key("a"), self.key("b")]);
        let limits = one_of_each(3, LONG);
        let all: Vec<_> = limits.iter().map(|limit| Charge::new(&keys[0], limit)).collect();
        let charges = [all[0], all[3], Charge::new(&keys[1], &limits[1]).with_cost(2)];
        assert!(self.call(rates.hit(&all)).await?.is_allowed());
        assert!(self.call(rates.hit(&charges)).await?.is_allowed());
        assert!(!self.call(rates.hit(&charges)).await?.is_allowed());
        assert!(self.call(rates.peek(&all)).await?.is_allowed());
        for limit in &limits {
            let charges = [Charge::new(&keys[1], limit)];
            let receipt = self.call(rates.hit(&charges)).await?.into_receipt(&charges)?;
            self.call(rates.refund(receipt)).await?;
            self.call(RateLimiter::reset(rates, &keys[1], limit)).await?;
        }
        let counting = Limit::fixed_window(0, LONG).unwrap().counting_denied().unwrap();
        assert!(!self.call(rates.hit_one(&keys[1], &counting)).await?.is_allowed());
        Ok(())
    }

    /// What only a sliding log does: entries that leave, one by one and all, and that are given back in part.
    async fn logs(&mut self) -> Result<()> {
        let (rates, key) = (self.backend, self.key("log"));
        let limit = Limit::sliding_log(50, SHORT).unwrap();
        let _ = self.call(rates.hit_one(&key, &limit)).await?;
        sleep(SHORT * 2 / 3).await;
        let decision = self.call(rates.hit_cost(&key, &limit, 3)).await?;
        let mut receipt = Receipt::new(Source::Store);
        receipt.add(&Charge::new(&key, &limit), decision.outcomes()[0].charged_at_ms().unwrap())?;
        self.call(rates.refund(receipt)).await?;
        sleep(SHORT / 2).await;
        let _ = self.call(rates.hit_one(&key, &limit)).await?;
        sleep(SHORT + SHORT / 10).await;
        // Several of them in one millisecond become one entry.
        for _ in 0..20 {
            let _ = self.call(rates.hit_one(&key, &limit)).await?;
        }
        let _ = self.call(rates.hit_cost(&key, &limit, 49)).await?;
        Ok(())
    }

    async fn slots(&mut self) -> Result<()> {
        let (slots, keys) = (self.backend, [self.key("a"), self.key("b")]);
        let (first, second) = (lease(&keys, 1, TTL), lease(&keys, 1, TTL));
        assert!(self.call(slots.acquire(&first)).await?.is_acquired());
        assert!(self.call(slots.acquire(&first)).await?.is_acquired());
        assert!(!self.call(slots.acquire(&second)).await?.is_acquired());
        assert_eq!(self.call(slots.renew(&[first.lease()])).await?, [true]);
        assert_eq!(self.call(slots.renew(&[first.lease(), second.lease()])).await?, [true, false]);
        assert_eq!(self.call(slots.in_use(&keys[0])).await?, 1);
        assert_eq!(self.call(slots.leases(&keys[1])).await?.len(), 1);
        let brief = lease(&keys, 9, Duration::from_millis(1));
        assert!(self.call(slots.acquire(&brief)).await?.is_acquired());
        sleep(Duration::from_millis(5)).await;
        // Drops what has expired.
        assert!(self.call(slots.acquire(&lease(&keys, 9, TTL))).await?.is_acquired());
        assert_eq!(self.call(slots.release(&[first.lease()])).await?, [true]);
        assert_eq!(self.call(slots.release(&[first.lease()])).await?, [false]);
        Ok(())
    }

    async fn quotas(&mut self) -> Result<()> {
        let (quotas, keys) = (self.backend, [self.key("a"), self.key("b")]);
        let quota = yearly(10);
        let _ = self.call(quotas.record(&keys[0], &quota, 2)).await?;
        let held = reservation(&keys, 10, 6, TTL);
        assert!(self.call(quotas.reserve(&held)).await?.is_granted());
        assert!(self.call(quotas.reserve(&held)).await?.is_granted());
        assert!(!self.call(quotas.reserve(&reservation(&keys, 10, 6, TTL))).await?.is_granted());
        let _ = self.call(quotas.settle(&held.settlement(&[8, 1])?)).await?;
        assert_eq!(self.call(quotas.check(&keys[0], &quota)).await?.used, 10);
        let brief = reservation(&keys[1..], 10, 1, Duration::from_millis(1));
        assert!(self.call(quotas.reserve(&brief)).await?.is_granted());
        sleep(Duration::from_millis(5)).await;
        // Drops what has expired.
        assert_eq!(self.call(quotas.record(&keys[1], &quota, 1)).await?.used, 2);
        self.call(QuotaTracker::reset(quotas, &keys[0], &quota)).await?;
        Ok(())
    }
}

/// Does it all once.
pub(crate) async fn everything(backend: &RedisBackend, who: &str) -> Result<u64> {
    Everything::new(backend, who, None).run().await
}

/// The same with all keys of a call in one partition.
pub(crate) async fn everything_in(backend: &RedisBackend, who: &str, partition: &str) -> Result<u64> {
    Everything::new(backend, who, Some(partition)).run().await
}
