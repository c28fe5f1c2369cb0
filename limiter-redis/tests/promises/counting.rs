//! Counts that several processes share, with thousands of calls of each on their way at once.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Limit, RateLimiterExt};
use limiter_testkit::processes::{Crowd, Member};
use testservers::redis::Redis;
use tokio::task::JoinSet;

use crate::operations::{LONG, key, one_of_each};
use crate::server::{ask, client_within, raw};

const PROCESSES: usize = 4;
/// How many calls each process has on its way at once.
const AT_ONCE: u64 = 5_000;
const MAX: u64 = 10_000;

/// 20 000 hits of four processes on a limit of 10 000.
async fn admits_exactly_the_limit(test: &str, limit: Limit) {
    if let Some(member) = Member::here() {
        return hit_at_once(member, limit).await;
    }
    let server = Redis::start().unwrap();
    let mut crowd = Crowd::start(test, &server.url(), PROCESSES).await.unwrap();
    crowd.tell_all(&AT_ONCE).await.unwrap();
    let told: Vec<(u64, u64)> = crowd.one_each().await.unwrap();
    crowd.end().await.unwrap();

    let admitted: u64 = told.iter().map(|(admitted, _)| admitted).sum();
    assert_eq!(admitted, MAX, "{told:?}");
    // A charge that was admitted last leaves nothing: nobody has been told a count that somebody else was told.
    let remaining: u64 = told.iter().map(|(_, remaining)| remaining).sum();
    assert_eq!(remaining, MAX * (MAX - 1) / 2);
    // The server's own view: each call ran once.
    let mut raw = raw(&server).await;
    let statistics: String = ask(&mut raw, &["INFO", "commandstats"]).await;
    let calls = |command: &str| -> u64 {
        let line =
            statistics.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
    };
    let rejected = |command: &str| -> u64 {
        let line =
            statistics.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:"))).unwrap_or("");
        line.split_once("failed_calls=").map_or(0, |(_, rest)| rest.trim().parse().unwrap())
    };
    let executed = calls("evalsha") - rejected("evalsha") + calls("eval");
    assert_eq!(executed, PROCESSES as u64 * AT_ONCE, "{statistics}");
}

/// All calls of one process, none of which waits for another; tells how many were admitted, and the sum of what they
/// were told to remain.
async fn hit_at_once(mut member: Member, limit: Limit) {
    let backend = Arc::new(client_within(member.store(), Duration::from_secs(40)).await);
    member.ready().unwrap();
    loop {
        let Ok(calls) = member.work::<u64>().await else { return };
        let mut under_way = JoinSet::new();
        for _ in 0..calls {
            let backend = Arc::clone(&backend);
            under_way.spawn(async move { backend.hit_one(&key("all"), &limit).await });
        }
        let mut told = (0_u64, 0_u64);
        while let Some(decision) = under_way.join_next().await {
            match decision.unwrap() {
                Ok(decision) if decision.is_allowed() => {
                    told = (told.0 + 1, told.1 + decision.outcomes()[0].remaining());
                }
                Ok(_) => {}
                Err(error) => return member.fail(error).unwrap(),
            }
        }
        member.tell(&told).unwrap();
    }
}

fn limit(place: usize) -> Limit {
    one_of_each(MAX, LONG)[place]
}

#[tokio::test]
async fn twenty_thousand_hits_on_a_fixed_window() {
    admits_exactly_the_limit("counting::twenty_thousand_hits_on_a_fixed_window", limit(0)).await;
}

#[tokio::test]
async fn twenty_thousand_hits_on_a_sliding_window() {
    admits_exactly_the_limit("counting::twenty_thousand_hits_on_a_sliding_window", limit(1)).await;
}

#[tokio::test]
async fn twenty_thousand_hits_on_a_sliding_log() {
    admits_exactly_the_limit("counting::twenty_thousand_hits_on_a_sliding_log", limit(2)).await;
}

#[tokio::test]
async fn twenty_thousand_hits_on_a_token_bucket() {
    admits_exactly_the_limit("counting::twenty_thousand_hits_on_a_token_bucket", limit(3)).await;
}
