//! Calls that are given up at any point of their way.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use limiter_core::{Charge, Key, QuotaTracker, RateLimiter, SlotLimiter};
use limiter_redis::RedisBackend;
use testservers::redis::Redis;
use tokio::time::{sleep, timeout};

use crate::operations::{LONG, key, lease, one_of_each, reservation, yearly};
use crate::server::{CLUSTER, client};

/// Longer than any test takes.
const TTL: Duration = Duration::from_secs(600);
const CAP: u64 = 1_000;
const ROUNDS: u64 = 150;

/// How long the caller of a round waits: from not at all to about as long as it takes.
fn patience(round: u64) -> Duration {
    Duration::from_micros(round * 7919 % 600)
}

/// Waits until what was given up has come to its end: until the store looks as is wanted, or no longer changes.
async fn settled<T: PartialEq + Debug>(wanted: &T, mut look: impl AsyncFnMut() -> T) {
    let (mut seen, mut since) = (look().await, Instant::now());
    while seen != *wanted {
        assert!(since.elapsed() < Duration::from_secs(2), "wanted {wanted:?}, and it is {seen:?}");
        sleep(Duration::from_millis(20)).await;
        let now = look().await;
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
}

/// Waits until the store no longer changes; tells how it looks.
async fn at_rest<T: PartialEq>(mut look: impl AsyncFnMut() -> T) -> T {
    let mut seen = look().await;
    loop {
        sleep(Duration::from_millis(300)).await;
        let now = look().await;
        if now == seen {
            return now;
        }
        seen = now;
    }
}

/// Keys in partitions of their own, on whichever nodes.
fn apart<const N: usize>(test: &str) -> [Key; N] {
    std::array::from_fn(|place| key(&format!("{test}.{place}")))
}

async fn in_use(backend: &RedisBackend, keys: &[Key]) -> Vec<u64> {
    let mut permits = Vec::new();
    for key in keys {
        permits.push(backend.in_use(key).await.unwrap());
    }
    permits
}

/// Gives up acquires, and releases by id what may have been granted, at once: how many came to an answer.
async fn acquire_and_give_up(backend: &RedisBackend, keys: &[Key]) -> u64 {
    let mut answered = 0;
    for round in 0..ROUNDS {
        let request = lease(keys, CAP, TTL);
        if let Ok(acquired) = timeout(patience(round), backend.acquire(&request)).await {
            assert!(acquired.unwrap().is_acquired());
            answered += 1;
        }
        backend.release(&[request.lease()]).await.unwrap();
    }
    answered
}

#[tokio::test]
async fn acquires_that_are_given_up_leave_nothing_once_released() {
    let server = Redis::start().unwrap();
    let backend = client(&server.url()).await;
    let keys = apart::<2>("released");
    let answered = acquire_and_give_up(&backend, &keys).await;
    assert!(answered < ROUNDS, "none was given up");
    // They went over one connection, one after the other: no acquire comes after its release.
    assert_eq!(in_use(&backend, &keys).await, [0, 0]);
    assert_eq!(at_rest(async || in_use(&backend, &keys).await).await, [0, 0]);
}

#[tokio::test]
async fn acquires_over_several_partitions_that_are_given_up_leave_nothing_once_released() {
    let backend = client(&CLUSTER.url()).await;
    let keys = apart::<3>("released on a cluster");
    let answered = acquire_and_give_up(&backend, &keys).await;
    assert!(answered < ROUNDS, "none was given up");
    settled(&vec![0, 0, 0], async || in_use(&backend, &keys).await).await;
}

#[tokio::test]
async fn acquires_that_are_given_up_and_forgotten_leave_nothing_after_their_time() {
    let server = Redis::start().unwrap();
    for (backend, keys) in [
        (client(&server.url()).await, apart::<3>("forgotten")),
        (client(&CLUSTER.url()).await, apart::<3>("forgotten")),
    ] {
        let (mut left, brief) = (false, Duration::from_secs(6));
        for round in 0..ROUNDS {
            let request = lease(&keys, CAP, brief);
            left |= timeout(patience(round), backend.acquire(&request)).await.is_err();
        }
        // In all scopes or in none.
        let held = at_rest(async || in_use(&backend, &keys).await).await;
        assert!(left && held[0] > 0 && held.iter().all(|permits| *permits == held[0]), "{held:?}");
        sleep(brief).await;
        assert_eq!(in_use(&backend, &keys).await, [0, 0, 0]);
    }
}

/// Units left of each key's limits, one limit for each algorithm.
async fn remaining(backend: &RedisBackend, keys: &[Key]) -> Vec<Vec<u64>> {
    let limits = one_of_each(CAP, LONG);
    let mut remaining = Vec::new();
    for key in keys {
        let charges: Vec<_> = limits.iter().map(|limit| Charge::new(key, limit)).collect();
        let peeked = backend.peek(&charges).await.unwrap();
        remaining.push(peeked.outcomes().iter().map(limiter_core::Outcome::remaining).collect());
    }
    remaining
}

#[tokio::test]
async fn hits_over_several_partitions_that_are_given_up_are_made_as_a_whole() {
    let backend = client(&CLUSTER.url()).await;
    let (keys, limits) = (apart::<3>("hits"), one_of_each(CAP, LONG));
    let mut given_up = 0;
    for round in 0..ROUNDS {
        let limit = &limits[usize::try_from(round).unwrap() % 4];
        let charges: Vec<_> = keys.iter().map(|key| Charge::new(key, limit)).collect();
        given_up += u64::from(timeout(patience(round), backend.hit(&charges)).await.is_err());
    }
    let remaining = at_rest(async || remaining(&backend, &keys).await).await;
    assert!(given_up > 0 && remaining[0].iter().sum::<u64>() < 4 * CAP, "{given_up}, {remaining:?}");
    assert!(remaining.iter().all(|of_key| *of_key == remaining[0]), "{remaining:?}");
}

#[tokio::test]
async fn denied_hits_over_several_partitions_that_are_given_up_leave_nothing() {
    let backend = client(&CLUSTER.url()).await;
    let (keys, limits) = (apart::<3>("denied"), one_of_each(CAP, LONG));
    let full = limiter_core::Limit::fixed_window(0, LONG).unwrap();
    for round in 0..ROUNDS {
        let limit = &limits[usize::try_from(round).unwrap() % 4];
        // The last part denies when the others have charged.
        let charges =
            [Charge::new(&keys[0], limit), Charge::new(&keys[1], limit), Charge::new(&keys[2], &full)];
        timeout(patience(round), backend.hit(&charges)).await.ok();
    }
    settled(&vec![vec![CAP; 4]; 3], async || remaining(&backend, &keys).await).await;
}

#[tokio::test]
async fn refunds_over_several_partitions_that_are_given_up_are_made_as_a_whole() {
    let backend = client(&CLUSTER.url()).await;
    let (keys, limits) = (apart::<3>("refunds"), one_of_each(CAP, LONG));
    for round in 0..ROUNDS {
        let limit = &limits[usize::try_from(round).unwrap() % 4];
        let charges: Vec<_> = keys.iter().map(|key| Charge::new(key, limit)).collect();
        let receipt = backend.hit(&charges).await.unwrap().into_receipt(&charges).unwrap();
        timeout(patience(round), backend.refund(receipt)).await.ok();
    }
    let remaining = at_rest(async || remaining(&backend, &keys).await).await;
    assert!(remaining.iter().all(|of_key| *of_key == remaining[0]), "{remaining:?}");
}

#[tokio::test]
async fn reservations_and_settlements_that_are_given_up_count_as_a_whole_and_once() {
    let backend = client(&CLUSTER.url()).await;
    let keys = apart::<3>("quotas");
    for round in 0..ROUNDS {
        let held = reservation(&keys, 1_000_000, 7, Duration::from_secs(60));
        timeout(patience(round), backend.reserve(&held)).await.ok();
        let settlement = held.settlement(&[3, 3, 3]).unwrap();
        timeout(patience(round + 1), backend.settle(&settlement)).await.ok();
        // Repeated until it is answered, as a service does.
        let _ = backend.settle(&settlement).await.unwrap();
    }
    let counted = async || {
        let mut counted = Vec::new();
        for key in &keys {
            let outcome = backend.check(key, &yearly(1_000_000)).await.unwrap();
            counted.push((outcome.used, outcome.reserved));
        }
        counted
    };
    settled(&vec![(3 * ROUNDS, 0); 3], counted).await;
}
