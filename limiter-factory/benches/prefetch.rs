//! Hits a second on a hot key with an ample limit: Redis alone, and with permits prefetched from it.
#![expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use limiter_factory::{Key, Limit, RateLimiter, RateLimiterExt, from_vars, limit};
use limiter_layers::{Layer, PrefetchLayer};
use testservers::redis::Redis;
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const LASTS: Duration = Duration::from_secs(2);
/// What is promised of a fixed or sliding window.
const AT_LEAST: f64 = 20.0;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let server = Redis::start()?;
    let limiters = from_vars([("RATE_LIMITER", "redis"), ("REDIS_URL", &server.url())]).await?;
    let prefetched = PrefetchLayer::default().wrap(limiters.backend().clone());
    let limits = [limit!("fixed 1000000000/hour"), limit!("1000000000/hour"), limit!("bucket 100000000/min")];
    println!("{:32} {:>8} {:>12} {:>12} {:>8}", "limit", "callers", "redis", "prefetched", "ratio");
    let mut missed = Vec::new();
    for limit in limits {
        for callers in [1, 64] {
            let plain = hits_a_second(&limiters.backend().rates, limit, callers).await?;
            let ahead = hits_a_second(&prefetched.rates, limit, callers).await?;
            let ratio = ahead / plain;
            println!("{:32} {callers:>8} {plain:>12.0} {ahead:>12.0} {ratio:>8.1}", limit.to_string());
            if ratio < AT_LEAST {
                missed.push(format!("{limit} with {callers} callers: {ratio:.1}"));
            }
        }
    }
    prefetched.control.shutdown().await?;
    if missed.is_empty() { Ok(()) } else { Err(format!("less than {AT_LEAST} times: {missed:?}").into()) }
}

async fn hits_a_second(rates: &Arc<dyn RateLimiter>, limit: Limit, callers: usize) -> Result<f64> {
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..callers {
        all.spawn(hits(Arc::clone(rates), limit, begun));
    }
    let mut hits = 0;
    while let Some(counted) = all.join_next().await {
        hits += counted??;
    }
    Ok(f64::from(hits) / begun.elapsed().as_secs_f64())
}

async fn hits(rates: Arc<dyn RateLimiter>, limit: Limit, begun: Instant) -> Result<u32> {
    let (key, mut hits) = (Key::new("hot", "key")?, 0);
    while begun.elapsed() < LASTS {
        if !rates.hit_one(&key, &limit).await?.is_allowed() {
            return Err("an ample limit refused".into());
        }
        hits += 1;
    }
    Ok(hits)
}
