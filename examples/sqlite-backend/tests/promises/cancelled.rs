//! Calls that are dropped while they are under way.

use std::time::Duration;

use limiter_factory::{Charge, Key, Limit, RateLimiter, RateLimiterExt, limit};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::counts::counted;
use crate::file::File;

const LIMIT: Limit = limit!("fixed 100000/366d");
const CALLERS: u64 = 8;
const CALLS: u64 = 150;

fn keys() -> [Key; 2] {
    ["one", "other"].map(|name| Key::new("cancelled", name).unwrap())
}

/// Hits both keys in one call, again and again, and mostly gives up half-way; tells how many were answered.
async fn give_up_now_and_then(rates: impl RateLimiter) -> u64 {
    let [one, other] = keys();
    let mut answered = 0;
    for _ in 0..CALLS {
        let charges = [Charge::new(&one, &LIMIT), Charge::new(&other, &LIMIT)];
        let patience = Duration::from_micros(fastrand::u64(0..12_000));
        if let Ok(decision) = timeout(patience, rates.hit(&charges)).await {
            assert!(decision.unwrap().is_allowed());
            answered += 1;
        }
    }
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_call_is_done_as_a_whole_or_not_at_all() {
    let file = File::new();
    let backend = file.client(None).await;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(give_up_now_and_then(backend.rates.clone()));
    }
    let answered: u64 = callers.join_all().await.iter().sum();
    let [one, other] = keys();
    // The store goes on as before, and nothing is under way any more after a call of our own.
    assert!(backend.rates.hit_one(&one, &LIMIT).await.unwrap().is_allowed());
    let (one, other) = (counted(&backend, &one, &LIMIT).await - 1, counted(&backend, &other, &LIMIT).await);
    assert_eq!(one, other, "both keys of a call or none");
    assert!((answered..=CALLERS * CALLS).contains(&one), "{answered} answered, {one} counted");
    assert!(answered > 0 && answered < CALLERS * CALLS, "{answered} of all: that proves little");
}
