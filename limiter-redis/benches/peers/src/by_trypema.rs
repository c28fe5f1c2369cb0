//! trypema's limiters in Redis, with its default window and buckets.

use std::sync::Arc;

use async_trait::async_trait;
use redis::aio::ConnectionManagerConfig;
use trypema::hybrid::HybridRateLimiterProvider;
use trypema::redis::{ConnectionManager, RedisKey, RedisRateLimiterProvider};
use trypema::{RateLimit, RateLimitDecision, RateLimiterBuilder};

use crate::race::{Contender, PATIENCE, Turns};

struct Exact {
    provider: Arc<RedisRateLimiterProvider>,
    keys: Vec<RedisKey>,
    rate: RateLimit,
}

struct Approximate {
    provider: Arc<HybridRateLimiterProvider>,
    keys: Vec<RedisKey>,
    rate: RateLimit,
}

pub(crate) async fn exact(url: &str, keys: usize) -> Arc<dyn Contender> {
    let provider = RedisRateLimiterProvider::builder(connection(url).await).build().unwrap();
    Arc::new(Exact { provider, keys: names(keys), rate: RateLimit::per_second_or_panic(1e9) })
}

pub(crate) async fn approximate(url: &str, keys: usize) -> Arc<dyn Contender> {
    let provider = HybridRateLimiterProvider::builder(connection(url).await).build().unwrap();
    Arc::new(Approximate { provider, keys: names(keys), rate: RateLimit::per_second_or_panic(1e9) })
}

async fn connection(url: &str) -> ConnectionManager {
    let settings = ConnectionManagerConfig::new().set_response_timeout(Some(PATIENCE));
    ConnectionManager::new_with_config(redis::Client::open(url).unwrap(), settings).await.unwrap()
}

fn names(keys: usize) -> Vec<RedisKey> {
    (0..keys).map(|key| RedisKey::try_from(format!("user-{key}")).unwrap()).collect()
}

#[async_trait]
impl Contender for Exact {
    fn name(&self) -> &'static str {
        "trypema"
    }

    async fn hit_all(&self, turns: &Turns) {
        while let Some(key) = turns.next() {
            let answer = self.provider.absolute().inc(&self.keys[key], &self.rate, 1).await.unwrap();
            assert!(matches!(answer, RateLimitDecision::Allowed));
        }
    }
}

#[async_trait]
impl Contender for Approximate {
    fn name(&self) -> &'static str {
        "trypema, hybrid (approximate)"
    }

    async fn hit_all(&self, turns: &Turns) {
        while let Some(key) = turns.next() {
            let answer = self.provider.absolute().inc(&self.keys[key], &self.rate, 1).await.unwrap();
            assert!(matches!(answer, RateLimitDecision::Allowed));
        }
    }
}
