//! A hot key with an ample limit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use limiter_factory::{Key, RateLimiter, RateLimiterExt, from_vars, limit};
use limiter_layers::{Layer, PrefetchLayer};
use testservers::redis::Redis;

/// The bench asks for 20 times as many, of a build that is optimised.
#[tokio::test]
async fn a_hot_key_is_hit_many_times_as_often() {
    let server = Redis::start().unwrap();
    let limiters = from_vars([("RATE_LIMITER", "redis"), ("REDIS_URL", &server.url())]).await.unwrap();
    let prefetched = PrefetchLayer::default().wrap(limiters.backend().clone());
    let plain = hits(&limiters.backend().rates).await;
    let ahead = hits(&prefetched.rates).await;
    assert!(ahead > 5 * plain, "{plain} hits by the store alone, {ahead} prefetched");
}

async fn hits(rates: &Arc<dyn RateLimiter>) -> u64 {
    let (key, limit) = (Key::new("hot", "key").unwrap(), limit!("fixed 1000000000/hour"));
    let (begun, mut hits) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_millis(400) {
        assert!(rates.hit_one(&key, &limit).await.unwrap().is_allowed());
        hits += 1;
    }
    hits
}
