//! How long keys live: longer than they mean anything, never for good, and no longer for being looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use limiter_core::{Algorithm, Charge, Limit, QuotaTracker, RateLimiter, RateLimiterExt, SlotLimiter};
use limiter_redis::RedisBackend;
use redis::aio::MultiplexedConnection;
use testservers::redis::Redis;
use tokio::time::sleep;

use crate::operations::{LONG, key, lease, one_of_each, reservation, yearly};
use crate::server::{Kept, client, kept, now_ms, raw};

/// What keys live longer than they mean something.
const GRACE_MS: i64 = 60_000;
/// What a test may take between a call and a look.
const SLACK_MS: i64 = 2_000;
const TTL: Duration = Duration::from_secs(100);

async fn start() -> (Redis, RedisBackend, MultiplexedConnection) {
    let server = Redis::start().unwrap();
    let (backend, raw) = (client(&server.url()).await, raw(&server).await);
    (server, backend, raw)
}

/// That there are keys, and each lives until a time and the grace, and not for good.
async fn assert_live(raw: &mut MultiplexedConnection, until_ms: i64, what: &str) {
    let kept = kept(raw).await;
    assert!(!kept.is_empty(), "{what}");
    for (name, Kept { expires_ms, .. }) in kept {
        let least = until_ms + GRACE_MS - SLACK_MS;
        assert!(expires_ms >= least, "{what}: {name} expires at {expires_ms}, wanted {least} at least");
    }
}

/// Limits of one counter: raised, lowered, with more and less burst, counting denied hits.
fn variants(window: Duration) -> Vec<Vec<Limit>> {
    let fixed = |max| Limit::fixed_window(max, window).unwrap();
    let sliding = |max| Limit::sliding_window(max, window).unwrap();
    let bucket = |max, burst| Limit::token_bucket(max, window).unwrap().with_burst(burst).unwrap();
    vec![
        vec![fixed(5), fixed(50), fixed(1).counting_denied().unwrap()],
        vec![sliding(5), sliding(50), sliding(1).counting_denied().unwrap()],
        [5, 50, 1].map(|max| Limit::sliding_log(max, window).unwrap()).to_vec(),
        vec![bucket(5, 5), bucket(1, 40), bucket(50, 2), bucket(3, 9).counting_denied().unwrap()],
    ]
}

#[tokio::test]
async fn every_counter_outlives_its_meaning() {
    for window in [Duration::from_millis(40), Duration::from_secs(90)] {
        for limits in variants(window) {
            let (_server, rates, mut raw) = start().await;
            let key = key("a");
            let mut until_ms = 0;
            for round in 0..24 {
                let charges =
                    [Charge::new(&key, &limits[round * 7 % limits.len()]).with_cost(round as u64 % 4)];
                let decision = rates.hit(&charges).await.unwrap();
                let outcome = decision.outcomes()[0];
                // From then on the counter is as one that was never used, whatever limit later calls bring.
                if let Some(charged_at_ms) = outcome.charged_at_ms() {
                    let reset_ms = u64::try_from(outcome.reset_after().as_millis()).unwrap();
                    until_ms = i64::try_from(charged_at_ms + reset_ms).unwrap();
                }
                if until_ms > 0 {
                    assert_live(&mut raw, until_ms, &format!("{:?} after {round}", limits[0])).await;
                }
                if round % 5 == 4 {
                    rates.refund(decision.into_receipt(&charges).unwrap()).await.unwrap();
                    let peeked = rates.peek(&charges).await.unwrap();
                    let reset_ms = i64::try_from(peeked.outcomes()[0].reset_after().as_millis()).unwrap();
                    let now_ms = now_ms(&mut raw).await;
                    if reset_ms > 0 && limits[0].algorithm() != Algorithm::TokenBucket {
                        until_ms = now_ms + reset_ms;
                    }
                    assert_live(&mut raw, until_ms.min(now_ms + reset_ms), "a refund").await;
                }
            }
        }
    }
}

/// That what is done changes neither a value nor an expiry.
async fn assert_untouched(raw: &mut MultiplexedConnection, before: &BTreeMap<String, Kept>, what: &str) {
    assert_eq!(&kept(raw).await, before, "{what}");
}

#[tokio::test]
async fn what_changes_no_counter_touches_nothing() {
    let (_server, rates, mut raw) = start().await;
    let (used, new) = (key("used"), key("new"));
    for limit in &one_of_each(3, TTL) {
        assert!(rates.hit_cost(&used, limit, 2).await.unwrap().is_allowed());
    }
    let before = kept(&mut raw).await;
    // A refreshed expiry would show.
    sleep(Duration::from_millis(5)).await;
    let other = Limit::fixed_window(0, TTL * 2).unwrap();
    for limit in &one_of_each(3, TTL) {
        for key in [&used, &new] {
            let one = Charge::new(key, limit);
            let what = format!("{limit:?} {key:?}");
            let peeked = rates.peek(&[one, Charge::new(key, &other)]).await.unwrap();
            assert_eq!(peeked.outcomes()[0].remaining(), if key == &used { 1 } else { 3 });
            assert!(!rates.hit_cost(key, limit, 4).await.unwrap().is_allowed());
            assert!(rates.hit_cost(key, limit, 0).await.unwrap().is_allowed());
            // Denied by another charge of the same call.
            assert!(!rates.hit(&[one, Charge::new(key, &other)]).await.unwrap().is_allowed());
            assert!(rates.hit_one(key, &Limit::UNLIMITED).await.unwrap().is_allowed());
            assert_untouched(&mut raw, &before, &what).await;
        }
        let charges = [Charge::new(&used, limit).with_cost(0)];
        rates.refund(rates.hit(&charges).await.unwrap().into_receipt(&charges).unwrap()).await.unwrap();
        RateLimiter::reset(&rates, &new, limit).await.unwrap();
        assert_untouched(&mut raw, &before, "a refund of nothing, a reset of nothing").await;
    }
}

#[tokio::test]
async fn slots_live_as_long_as_their_last_lease() {
    let (_server, slots, mut raw) = start().await;
    let keys = [key("a"), key("b")];
    let held = [TTL, TTL / 50, TTL / 2].map(|ttl| lease(&keys, 3, ttl));
    let until_ms = now_ms(&mut raw).await + 100_000;
    for request in &held {
        assert!(slots.acquire(request).await.unwrap().is_acquired());
        assert_live(&mut raw, until_ms, "an acquire").await;
    }
    assert_eq!(slots.release(&[held[1].lease()]).await.unwrap(), [true]);
    assert_live(&mut raw, until_ms, "a release").await;
    assert_eq!(slots.renew(&[held[2].lease()]).await.unwrap(), [true]);
    assert_live(&mut raw, until_ms, "a renewal").await;

    let before = kept(&mut raw).await;
    sleep(Duration::from_millis(5)).await;
    let stranger = lease(&keys, 2, TTL);
    assert!(!slots.acquire(&stranger).await.unwrap().is_acquired());
    assert_eq!(slots.renew(&[stranger.lease()]).await.unwrap(), [false]);
    assert_eq!(slots.release(&[stranger.lease()]).await.unwrap(), [false]);
    assert_eq!(slots.in_use(&keys[0]).await.unwrap(), 2);
    assert_eq!(slots.leases(&keys[1]).await.unwrap().len(), 2);
    let other = held[0].clone().with_permits(2).unwrap();
    assert_eq!(slots.acquire(&other).await.unwrap_err().kind(), limiter_core::ErrorKind::Conflict);
    assert_untouched(&mut raw, &before, "nothing that is granted, renewed or released").await;

    assert_eq!(slots.release(&[held[0].lease(), held[2].lease()]).await.unwrap(), [true, true]);
    assert!(kept(&mut raw).await.is_empty(), "the last lease leaves no key");
}

#[tokio::test]
async fn quotas_live_as_long_as_what_they_tell() {
    let (_server, quotas, mut raw) = start().await;
    let (keys, quota) = ([key("a"), key("b")], yearly(10));
    let held = reservation(&keys, 10, 3, TTL);
    assert!(quotas.reserve(&held).await.unwrap().is_granted());
    let now_ms = now_ms(&mut raw).await;
    let year_ms =
        i64::try_from(quotas.check(&keys[0], &quota).await.unwrap().reset_after.as_millis()).unwrap();
    assert_live(&mut raw, now_ms + year_ms.min(100_000), "a reserve").await;
    let _ = quotas.settle(&held.settlement(&[0, 0]).unwrap()).await.unwrap();
    assert_live(&mut raw, now_ms + 600_000, "a settled id").await;
    for key in &keys {
        assert_eq!(quotas.record(key, &quota, 6).await.unwrap().used, 6);
    }
    assert_live(&mut raw, now_ms + year_ms, "a record").await;
    let again = reservation(&keys, 10, 3, TTL / 10);
    assert!(quotas.reserve(&again).await.unwrap().is_granted());
    assert_live(&mut raw, now_ms + year_ms, "a reserve after a record").await;

    let before = kept(&mut raw).await;
    sleep(Duration::from_millis(5)).await;
    assert_eq!(quotas.check(&keys[0], &quota).await.unwrap().remaining, 1);
    assert_eq!(quotas.check(&key("c"), &quota).await.unwrap().remaining, 10);
    assert_eq!(quotas.record(&keys[0], &quota, 0).await.unwrap().used, 6);
    assert!(!quotas.reserve(&reservation(&keys, 10, 2, TTL)).await.unwrap().is_granted());
    assert_eq!(quotas.reserve(&held).await.unwrap_err().kind(), limiter_core::ErrorKind::Conflict);
    let _ = quotas.settle(&held.settlement(&[5, 5]).unwrap()).await.unwrap();
    assert_untouched(&mut raw, &before, "nothing that is recorded, set aside or settled").await;
    assert!(
        before.values().all(|kept| kept.expires_ms < now_ms + i64::try_from(LONG.as_millis()).unwrap() * 2)
    );
}
