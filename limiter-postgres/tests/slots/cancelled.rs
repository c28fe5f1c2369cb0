//! Acquires that are given up at any point of their way.

use std::time::{Duration, Instant};

use limiter_core::{Key, SlotLimiter};
use limiter_postgres::PostgresBackend;
use tokio::time::{sleep, timeout};

use crate::store::{LONG, Store, client, key, wanting};

const CAP: u64 = 1_000;
const ROUNDS: u64 = 200;

/// How long the caller of a round waits: from not at all to longer than it takes.
fn patience(round: u64) -> Duration {
    Duration::from_micros(round * 7919 % 4000)
}

async fn in_use(slots: &PostgresBackend, keys: &[Key]) -> Vec<u64> {
    let mut permits = Vec::new();
    for key in keys {
        permits.push(slots.in_use(key).await.unwrap());
    }
    permits
}

/// How it looks once it no longer changes.
async fn at_rest(slots: &PostgresBackend, keys: &[Key]) -> Vec<u64> {
    let mut seen = in_use(slots, keys).await;
    loop {
        sleep(Duration::from_millis(300)).await;
        let now = in_use(slots, keys).await;
        if now == seen {
            return now;
        }
        seen = now;
    }
}

#[tokio::test]
async fn acquires_that_are_given_up_leave_nothing_once_released() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let keys = [key("a"), key("b")];
    let mut answered = 0;
    for round in 0..ROUNDS {
        let request = wanting(&keys, CAP, LONG);
        if let Ok(acquired) = timeout(patience(round), slots.acquire(&request)).await {
            assert!(acquired.unwrap().is_acquired());
            answered += 1;
        }
        slots.release(&[request.lease()]).await.unwrap();
    }
    assert!(answered < ROUNDS, "none was given up");
    assert_eq!(at_rest(&slots, &keys).await, [0, 0]);
    assert_eq!(store.number("select count(*) from limiter.lease"), 0);
}

#[tokio::test]
async fn acquires_that_are_given_up_and_forgotten_leave_nothing_after_their_time() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let (keys, brief) = ([key("a"), key("b"), key("c")], Duration::from_secs(8));
    let mut left = false;
    for round in 0..ROUNDS {
        left |= timeout(patience(round), slots.acquire(&wanting(&keys, CAP, brief))).await.is_err();
    }
    // In all scopes or in none.
    let held = at_rest(&slots, &keys).await;
    assert!(left && held[0] > 0 && held.iter().all(|permits| *permits == held[0]), "{held:?}");
    let begun = Instant::now();
    while in_use(&slots, &keys).await != [0, 0, 0] {
        assert!(begun.elapsed() < brief + Duration::from_secs(1));
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_release_waits_for_an_acquire_of_the_same_lease_that_its_caller_gave_up() {
    let store = Store::new();
    let slots = client(&store.url).await;
    // An acquire takes half a second, a release doesn't.
    store.ask(
        "alter function limiter.acquire(text, bytea[], bigint[], bigint, bigint, boolean, bigint, bigint, bigint) \
         set schema public; \
         create function limiter.acquire(text, bytea[], bigint[], bigint, bigint, boolean, bigint, bigint, bigint) \
         returns table (granted boolean, denied_by bigint, in_use bigint[], expires_ms bigint, held bigint) \
         language plpgsql as $$ begin perform pg_sleep(0.5); \
         return query select * from public.acquire($1, $2, $3, $4, $5, $6, $7, $8, $9); end $$",
    );
    let request = wanting(&[key("a")], CAP, LONG);
    assert!(timeout(Duration::from_millis(100), slots.acquire(&request)).await.is_err());
    // It was granted, and released after that.
    assert_eq!(slots.release(&[request.lease()]).await.unwrap(), [true]);
    assert_eq!(at_rest(&slots, &[key("a")]).await, [0]);
}
