//! Parts in several stores, chosen by URLs, on real servers.
#![cfg(all(feature = "memory", feature = "redis", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

use std::time::{Duration, Instant};

use limiter_factory::{
    ConfigErrors, ConfigProblem, Key, LeaseRequest, Limiters, Quota, QuotaTrackerExt, RateLimiterExt, Scope,
    Slot, from_vars, limit,
};
use testservers::postgres::Postgres;
use testservers::redis::Redis;

const PASSWORD: &str = "hunter2";

async fn try_start(vars: &[(&str, &str)]) -> Result<Limiters, ConfigErrors> {
    from_vars(vars.iter().copied()).await
}

fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}

#[tokio::test]
async fn slots_live_in_redis_and_quotas_in_postgres() {
    let (redis, postgres) = (Redis::start().unwrap(), Postgres::start().unwrap());
    let vars =
        [("RATE_LIMITER", "memory"), ("SLOT_LIMITER", &redis.url()), ("QUOTA_TRACKER", &postgres.url())];
    let (one, two) = (try_start(&vars).await.unwrap(), try_start(&vars).await.unwrap());
    let text = one.describe();
    for part in [
        "rates in memory (from RATE_LIMITER), slots in redis (from SLOT_LIMITER), quotas in postgres (from QUOTA_TRACKER)",
        &redis.address().to_string(),
        &postgres.address().to_string(),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Rates are counted by each process, the others by both together.
    for limiters in [&one, &two] {
        assert!(limiters.rates().hit_one(&key(), &limit!("1/day")).await.unwrap().is_allowed());
    }
    let request = LeaseRequest::new([Scope::new(key(), 1)], Duration::from_secs(60)).unwrap();
    let Slot::Acquired(guard) = one.slots().acquire(&request).await.unwrap() else { panic!("it is free") };
    assert!(!two.slots().acquire(&request).await.unwrap().is_acquired());
    let day: Quota = "10/day".parse().unwrap();
    assert_eq!(one.quotas().record(&key(), &day, 4).await.unwrap().used, 4);
    assert_eq!(two.quotas().used(&key(), &day).await.unwrap(), 4);
    one.ping().await.unwrap();
    drop(guard);
    one.shutdown().await.unwrap();
    assert!(two.slots().acquire(&request).await.unwrap().is_acquired());
}

#[tokio::test]
async fn two_urls_of_one_backend_are_two_stores() {
    let (one, two) = (Redis::start().unwrap(), Redis::start().unwrap());
    let vars = [("RATE_LIMITER", "redis"), ("REDIS_URL", &*one.url()), ("SLOT_LIMITER", &two.url())];
    let limiters = try_start(&vars).await.unwrap();
    assert!(limiters.rates().hit_one(&key(), &limit!("1/day")).await.unwrap().is_allowed());
    let request = LeaseRequest::new([Scope::new(key(), 1)], Duration::from_secs(60)).unwrap();
    let _held = limiters.slots().acquire(&request).await.unwrap();
    let keys = |server: &Redis| server.cli(&["DBSIZE"]).unwrap().trim().parse::<u64>().unwrap();
    assert!(keys(&one) > 0 && keys(&two) > 0);
}

/// All stores are asked at a time, and each that doesn't answer is told, by the variable that chose it.
#[tokio::test]
async fn stores_that_are_down_or_refuse_the_password_are_told_together() {
    let redis = Redis::with(&["--requirepass", "another"]).unwrap();
    let down = Postgres::start().unwrap();
    down.stop();
    let wrong = format!("redis://:{PASSWORD}@{}", redis.address());
    let stopped = down.url_as("app", PASSWORD, "limits");
    let vars = [("RATE_LIMITER", "memory"), ("SLOT_LIMITER", &*wrong), ("QUOTA_TRACKER", &stopped)];
    let begun = Instant::now();
    let errors = try_start(&vars).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(11), "{:?}", begun.elapsed());
    let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
    let failed = ConfigProblem::StartFailed;
    assert_eq!(problems, [("SLOT_LIMITER", failed), ("QUOTA_TRACKER", failed)]);
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let start = "SLOT_LIMITER is \"redis://[redacted]\", which didn't start: configuration";
    assert!(lines[0].starts_with(start) && lines[0].contains("user or the password"), "{}", lines[0]);
    let start = "QUOTA_TRACKER is \"postgres://[redacted]\", which didn't start: store unavailable";
    assert!(lines[1].starts_with(start) && lines[1].contains(&down.address().to_string()), "{}", lines[1]);
    assert!(!format!("{errors}{errors:?}").contains(PASSWORD), "{errors}");
}
